// The rules themselves: the crate `tapgate-workbench`, compiled to WebAssembly and carried in this very script. Each function takes
// texts and gives what the crate says, as an object. Nothing here decides anything.

import * as crate from "tapgate:rules";
import deflated from "tapgate:module";

/** Makes the module ready. Once, before anything else is called. */
export async function ready() {
  const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const module = await WebAssembly.compile(await new Response(stream).arrayBuffer());
  crate.initSync({ module });
}

const said = (text) => JSON.parse(text);

export const schema = () => said(crate.schema());
export const shipped = () => said(crate.shipped());
/** Every error of a policy, or what it means in words. */
export const check = (policy) => said(crate.check(policy));
/** Whether the cases go as they say. */
export const test = (policy, cases) => said(crate.test(policy, cases));
/** One case, step by step. */
export const story = (policy, cases, index) => said(crate.story(policy, cases, index));
/** Who could do what at a moment of it. */
export const probe = (policy, cases, index, at) => said(crate.probe(policy, cases, index, at));
/** A pass, check by check. */
export const inspect = (policy, token, key, now) => said(crate.inspect(policy, token, key, now));
