// Microsoft's own Graph client, pointed at a gate's admin API. Environment: GATE, the gate's origin (https, since the client
// sends its token nowhere else), and the tokens TOKEN, whoever's a scenario is about, READER and ISSUER.
"use strict";

const { Client, GraphError } = require("@microsoft/microsoft-graph-client");
const { is, holds, gives, main } = require("./check.cjs");

const ALICE = "/users/alice@example.com/authentication/temporaryAccessPassMethods";
const POLICY = "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/temporaryAccessPass";
const POLICY_TYPE = "#microsoft.graph.temporaryAccessPassAuthenticationMethodConfiguration";
const GATE = process.env.GATE;

/** A client as its manual says to make one for another place than Microsoft's. */
function client(token = process.env.TOKEN) {
  return Client.initWithMiddleware({
    baseUrl: `${GATE}/.tap/graph`,
    customHosts: new Set([new URL(GATE).hostname]),
    authProvider: { getAccessToken: async () => token },
  });
}

/** What the client makes of a refusal. */
async function refusal(call) {
  try {
    return { answered: await call };
  } catch (error) {
    holds(`a GraphError, not a ${error.constructor.name}`, error instanceof GraphError, String(error));
    return error;
  }
}

/** What a refusal has to be for a program. */
async function refused(text, call, statusCode, code, message) {
  const error = await refusal(call);
  is(`${text}: status and code`, { statusCode: error.statusCode, code: error.code }, { statusCode, code });
  if (message !== undefined) {
    is(`${text}: message`, error.message, message);
  }
  holds(`${text}: when`, error.date instanceof Date && !Number.isNaN(error.date.getTime()), error.date);
  holds(`${text}: which request`, typeof error.requestId === "string" && error.requestId.length > 0, error.body);
}

/** Types a code on the gate's page; the status of the answer, and where it leads. */
async function typed(username, code) {
  const answer = await fetch(`${GATE}/.tap/sign-in`, {
    method: "POST",
    body: new URLSearchParams({ username, pass: code }),
    redirect: "manual",
    headers: { accept: "text/html" },
  });
  await answer.arrayBuffer();
  return { status: answer.status, location: answer.headers.get("location") };
}

async function passes() {
  const graph = client();
  is("nobody has a pass at first", (await graph.api(ALICE).get()).value, []);

  const created = await graph.api(ALICE).post({ lifetimeInMinutes: 60, isUsableOnce: true });
  gives(created.temporaryAccessPass);
  holds("a code of the default length", /^[0-9A-Z]{8}$/.test(created.temporaryAccessPass), created);
  is(
    "what was asked for",
    [created.lifetimeInMinutes, created.isUsableOnce, created.isUsable, created.methodUsabilityReason],
    [60, true, true, "EnabledByPolicy"],
  );
  holds("the context of one pass", created["@odata.context"].endsWith("temporaryAccessPassMethods/$entity"), created);
  holds("times are times", [created.createdDateTime, created.startDateTime].every((at) => !Number.isNaN(Date.parse(at))), created);

  const listed = await graph.api(ALICE).get();
  is("the list holds it", listed.value.map((pass) => pass.id), [created.id]);
  is("and no code", listed.value[0].temporaryAccessPass, null);
  is("get gives the same", await graph.api(`${ALICE}/${created.id}`).get(), { ...created, temporaryAccessPass: null });
  const methods = await graph.api("/users/alice@example.com/authentication/methods").get();
  is("methods name its type", methods.value.map((method) => method["@odata.type"]), [
    "#microsoft.graph.temporaryAccessPassAuthenticationMethod",
  ]);

  const second = await graph.api(ALICE).post({});
  gives(second.temporaryAccessPass);
  is("a second takes the first one's place", (await graph.api(ALICE).get()).value.map((pass) => pass.id), [second.id]);
  is("the policy's defaults", [second.lifetimeInMinutes, second.isUsableOnce], [60, false]);
  is("the first one's code opens nothing", (await typed("alice@example.com", created.temporaryAccessPass)).status, 401);
  is("the second one's opens registration", await typed("alice@example.com", second.temporaryAccessPass), {
    status: 303,
    location: "/register",
  });

  const deleted = await graph.api(`${ALICE}/${second.id}`).delete();
  is("delete answers nothing", deleted ?? null, null);
  is("and the list is empty", (await graph.api(ALICE).get()).value, []);
  is("the code is dead", (await typed("alice@example.com", second.temporaryAccessPass)).status, 401);

  const later = new Date(Date.now() + 3_600_000).toISOString();
  const tomorrow = await graph.api(ALICE).post({ startDateTime: later });
  gives(tomorrow.temporaryAccessPass);
  is("one that starts later", [tomorrow.isUsable, tomorrow.methodUsabilityReason], [false, "NotYetValid"]);
  is("at that very time", Math.trunc(Date.parse(tomorrow.startDateTime) / 1000), Math.trunc(Date.parse(later) / 1000));
}

async function refusals() {
  const graph = client();
  await refused("nonsense for a token", client("nonsense").api(ALICE).get(), 401, "InvalidAuthenticationToken");
  await refused(
    "a lifetime out of bounds",
    graph.api(ALICE).post({ lifetimeInMinutes: 100000 }),
    400,
    "badRequest",
    "Invalid LifetimeInMinutes specified. The valid range between 10 and 480.",
  );
  await refused("a pass for oneself", graph.api(ALICE.replace("alice", "desk")).post({}), 403, "accessDenied");
  await refused("a pass that is not there", graph.api(`${ALICE}/6f1967b7`).get(), 404, "resourceNotFound");
  await refused("deleting what is not there", graph.api(`${ALICE}/6f1967b7`).delete(), 404, "resourceNotFound");
  await refused("a pass cannot be changed", graph.api(`${ALICE}/6f1967b7`).patch({}), 405, "Request_BadRequest");
  await refused("nothing is there", graph.api("/users/alice@example.com/messages").get(), 404, "ResourceNotFound");
  const reader = client(process.env.READER);
  is("a reader reads", (await reader.api(ALICE).get()).value, []);
  await refused("a reader issues nothing", reader.api(ALICE).post({}), 403, "accessDenied");
}

async function policy() {
  const graph = client();
  const { "@odata.context": context, "includeTargets@odata.context": targets, ...read } = await graph.api(POLICY).get();
  holds("the policy's context", context.endsWith("authenticationMethodConfigurations/$entity"), context);
  holds("its targets' context", targets.startsWith(GATE) && targets.endsWith("/includeTargets"), targets);
  is("every field of the policy, as the file has it", read, {
    "@odata.type": POLICY_TYPE,
    id: "TemporaryAccessPass",
    state: "enabled",
    defaultLifetimeInMinutes: 60,
    defaultLength: 8,
    minimumLifetimeInMinutes: 10,
    maximumLifetimeInMinutes: 480,
    isUsableOnce: false,
    includeTargets: [{ targetType: "group", id: "all_users", isRegistrationRequired: false }],
    excludeTargets: [],
  });

  const patched = await graph.api(POLICY).patch({ "@odata.type": POLICY_TYPE, defaultLength: 12, isUsableOnce: true });
  is("a patch answers nothing", patched ?? null, null);
  const amended = await graph.api(POLICY).get();
  is("what it names is changed, and nothing else", amended, {
    ...read, "@odata.context": context, "includeTargets@odata.context": targets, defaultLength: 12, isUsableOnce: true,
  });
  const issued = await client(process.env.ISSUER).api(ALICE).post({});
  gives(issued.temporaryAccessPass);
  is("and counts at once", [issued.temporaryAccessPass.length, issued.isUsableOnce], [12, true]);
  await refused("a patch that makes no policy", graph.api(POLICY).patch({ "@odata.type": POLICY_TYPE, defaultLength: 49 }), 400, "badRequest");
  await refused("a patch without its type", graph.api(POLICY).patch({ defaultLength: 12 }), 400, "badRequest");
  await refused("a reader changes nothing", client(process.env.READER).api(POLICY).patch({ "@odata.type": POLICY_TYPE }), 403, "accessDenied");
  is("a delete answers nothing", (await graph.api(POLICY).delete()) ?? null, null);
  is("and restores the file's", (await graph.api(POLICY).get()).defaultLength, 8);
}

main({ passes, refusals, policy });
