// Times as people read them. Everything is in whole seconds since 1970, UTC, as the rules count.

/** A time of day, with the date where it is another day than `beside`'s. */
export function clock(at, beside) {
  const text = new Date(at * 1000).toISOString();
  const sameDay = beside !== undefined && text.slice(0, 10) === new Date(beside * 1000).toISOString().slice(0, 10);
  return sameDay ? text.slice(11, 19) : `${text.slice(0, 10)} ${text.slice(11, 19)}`;
}

const UNITS = [
  ["d", 86_400],
  ["h", 3600],
  ["m", 60],
  ["s", 1],
];

/** A span as the case format has it: `+1h30m`. */
export function span(seconds) {
  if (seconds === 0) return "0s";
  let left = Math.abs(seconds);
  let text = "";
  for (const [unit, length] of UNITS) {
    const many = Math.floor(left / length);
    if (many > 0) text += `${many}${unit}`;
    left -= many * length;
  }
  return (seconds < 0 ? "-" : "+") + text;
}

/** A span in words: `1 hour 30 minutes after the start`. */
export function inWords(seconds) {
  if (seconds === 0) return "at the start";
  const names = { d: "day", h: "hour", m: "minute", s: "second" };
  let left = Math.abs(seconds);
  const parts = [];
  for (const [unit, length] of UNITS) {
    const many = Math.floor(left / length);
    if (many > 0) parts.push(`${many} ${names[unit]}${many === 1 ? "" : "s"}`);
    left -= many * length;
  }
  return `${parts.join(" ")} ${seconds < 0 ? "before" : "after"} the start`;
}
