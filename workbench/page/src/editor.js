// An editor for YAML: CodeMirror in a shadow root of its own, where its styles need no `unsafe-inline`. Errors stand under their lines.

import { autocompletion, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { HighlightStyle, bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { search, searchKeymap } from "@codemirror/search";
import { Annotation, EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, WidgetType, drawSelection, highlightActiveLine, highlightActiveLineGutter, hoverTooltip, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

import { el } from "./dom.js";

const theme = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "var(--field)", border: "1px solid var(--edge)", borderRadius: "6px", height: "100%" },
  // The place around it shows the focus.
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", fontSize: "0.875rem", lineHeight: "1.5", overflow: "auto" },
  ".cm-content": { caretColor: "var(--text)", padding: "6px 0" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { background: "var(--chosen)" },
  ".cm-gutters": { backgroundColor: "var(--field)", color: "var(--faint)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--line)" },
  ".cm-tooltip": { backgroundColor: "var(--page)", color: "var(--text)", border: "1px solid var(--edge)", borderRadius: "6px", maxWidth: "min(32rem, 92vw)" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { background: "var(--accent)", color: "var(--on-accent)" },
  ".cm-tooltip.cm-completionInfo": { padding: "6px 10px", fontFamily: "var(--sans)", fontSize: "0.875rem" },
  ".cm-panels": { backgroundColor: "var(--page)", color: "var(--text)", fontFamily: "var(--sans)" },
  ".cm-panels-top": { borderBottom: "1px solid var(--edge)" },
  ".cm-panel.cm-search label": { fontSize: "0.875rem", color: "var(--text)" },
  ".cm-textfield, .cm-button": { fontSize: "0.875rem", color: "var(--text)", backgroundColor: "var(--field)", backgroundImage: "none", border: "1px solid var(--edge)", borderRadius: "4px" },
  ".cm-searchMatch": { backgroundColor: "var(--window)" },
  ".cm-searchMatch.cm-searchMatch-selected": { backgroundColor: "var(--chosen)", outline: "2px solid var(--accent)" },
  ".cm-help": { padding: "6px 10px", fontFamily: "var(--sans)", fontSize: "0.875rem" },
  ".cm-help strong": { fontFamily: "var(--mono)" },
  ".cm-help p": { margin: "4px 0" },
  ".cm-wrong": { display: "block", padding: "2px 10px 4px", borderLeft: "4px solid var(--bad)", background: "var(--bad-back)", color: "var(--text)", fontFamily: "var(--sans)", fontSize: "0.8125rem", whiteSpace: "normal" },
  ".cm-lint-marker-error": { content: "none", background: "var(--bad)", borderRadius: "50%", width: "0.7em", height: "0.7em", marginTop: "0.4em" },
  ".cm-diagnostic": { fontFamily: "var(--sans)", fontSize: "0.875rem" },
});

const colours = HighlightStyle.define([
  { tag: [tags.definition(tags.propertyName), tags.propertyName], color: "var(--key)" },
  { tag: [tags.string, tags.content, tags.literal], color: "var(--value)" },
  { tag: tags.comment, color: "var(--faint)", fontStyle: "italic" },
  { tag: [tags.separator, tags.punctuation, tags.squareBracket, tags.brace], color: "var(--faint)" },
]);

/** An error under its line. */
class Wrong extends WidgetType {
  constructor(text) {
    super();
    this.text = text;
  }

  eq(other) {
    return other.text === this.text;
  }

  toDOM() {
    return el("span", { class: "cm-wrong" }, this.text);
  }

  ignoreEvent() {
    return true;
  }
}

/** Marks a change that no person made in the editor. */
const fromOutside = Annotation.define();
const setWrongs = StateEffect.define();
const wrongs = StateField.define({
  create: () => Decoration.none,
  update(value, transaction) {
    for (const effect of transaction.effects) if (effect.is(setWrongs)) return effect.value;
    return value.map(transaction.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

/**
 * @typedef {object} Flaw an error of a document
 * @property {number} line
 * @property {number} column
 * @property {string} field
 * @property {string} found
 * @property {string} allowed
 * @property {string} mend
 */

/** An error on one line of text. @param {Flaw} flaw */
export function told({ field, found, allowed, mend }) {
  return `${field ? `${field} ` : ""}${found}; allowed: ${allowed}. ${capital(mend)}.`;
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/**
 * Makes an editor in a place.
 * @param {HTMLElement} place
 * @param {object} wishes
 * @param {string} wishes.label what a screen reader calls it
 * @param {(text: string) => void} wishes.changed called with the text after each change by a person
 * @param {(context: object) => object | null} [wishes.completes]
 * @param {(text: string, position: number) => {from: number, to: number, name: string, text: string, lines: string[]} | undefined} [wishes.explains]
 */
export function editor(place, { label, changed, completes, explains }) {
  const root = place.attachShadow({ mode: "open" });
  const hover = hoverTooltip((view, position) => {
    const help = explains?.(view.state.doc.toString(), position);
    if (!help) return null;
    const dom = el("div", { class: "cm-help" }, el("strong", {}, help.name), help.text && el("p", {}, help.text), ...help.lines.map((line) => el("p", {}, line)));
    return { pos: help.from, end: help.to, above: true, create: () => ({ dom }) };
  });
  const extensions = [
    lineNumbers(),
    highlightActiveLineGutter(),
    history(),
    drawSelection(),
    indentOnInput(),
    bracketMatching(),
    highlightActiveLine(),
    lintGutter(),
    search({ top: true }),
    EditorView.lineWrapping,
    wrongs,
    yaml(),
    indentUnit.of("  "),
    syntaxHighlighting(colours),
    theme,
    completes ? autocompletion({ override: [completes], activateOnTyping: true }) : [],
    explains ? hover : [],
    // Tab leaves the editor: whoever goes by keyboard must get out again.
    keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap, ...completionKeymap, ...lintKeymap]),
    EditorView.contentAttributes.of({ "aria-label": label, "aria-multiline": "true", tabindex: "0", spellcheck: "false", autocapitalize: "off", autocorrect: "off" }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged && !update.transactions.some((transaction) => transaction.annotation(fromOutside))) changed(update.state.doc.toString());
    }),
  ];
  const view = new EditorView({ root, parent: root, state: EditorState.create({ doc: "", extensions }) });
  return {
    view,
    text: () => view.state.doc.toString(),
    /** Puts another text in place of all. */
    set(text) {
      if (text === view.state.doc.toString()) return;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, annotations: fromOutside.of(true) });
    },
    /** Shows errors under their lines. @param {Flaw[]} flaws */
    wrong(flaws) {
      const { doc } = view.state;
      const placed = flaws.map((flaw) => {
        const line = doc.line(Math.min(Math.max(flaw.line, 1), doc.lines));
        const from = Math.min(line.from + Math.max(flaw.column - 1, 0), line.to);
        return { from, to: line.to > from ? line.to : from, line, message: told(flaw) };
      });
      placed.sort((one, other) => one.from - other.from);
      const under = placed.map(({ line, message }) => Decoration.widget({ widget: new Wrong(message), block: true, side: 1 }).range(line.to));
      const diagnostics = placed.map(({ from, to, message }) => ({ from, to, severity: "error", message }));
      view.dispatch({ effects: setWrongs.of(Decoration.set(under, true)) }, setDiagnostics(view.state, diagnostics));
    },
    /** Goes to a line, and to a column of it. */
    goTo(line, column = 1) {
      const at = view.state.doc.line(Math.min(Math.max(line, 1), view.state.doc.lines));
      const anchor = Math.min(at.from + Math.max(column - 1, 0), at.to);
      view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
      view.focus();
    },
  };
}
