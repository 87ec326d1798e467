import { createRandom, mix } from './random.ts';
import type { FaultAction, FaultPlan, FaultPlanSpec, FaultRule } from './types.ts';

/** Spoils calls as the rules say. Each rule draws from its own stream, so that one operation's calls do not shift another's faults. */
export function createFaultPlan(given: number | FaultPlanSpec | FaultPlan | undefined): FaultPlan {
  if (typeof given === 'object' && 'decide' in given) return given;
  const spec = typeof given === 'number' ? seededFaults(given) : (given ?? { rules: [] });
  const rules = spec.rules.map((rule) => ({ rule, used: 0 }));
  const calls = new Map<string, number>();
  const injected: { operation: string; call: number; action: FaultAction }[] = [];
  let paused = false;
  return {
    injected,
    pause() {
      paused = true;
    },
    resume() {
      paused = false;
    },
    decide(operation) {
      if (paused) return undefined;
      const call = (calls.get(operation) ?? 0) + 1;
      calls.set(operation, call);
      for (const [index, entry] of rules.entries()) {
        if (!names(entry.rule, operation) || entry.used >= (entry.rule.times ?? Number.POSITIVE_INFINITY)) continue;
        if (!falls(entry.rule, spec.seed ?? 0, index, operation, call)) continue;
        entry.used++;
        injected.push({ operation, call, action: entry.rule.action });
        return entry.rule.action;
      }
      return undefined;
    },
  };
}

function names(rule: FaultRule, operation: string): boolean {
  return rule.operation.endsWith('*') ? operation.startsWith(rule.operation.slice(0, -1)) : rule.operation === operation;
}

function falls(rule: FaultRule, seed: number, index: number, operation: string, call: number): boolean {
  if (rule.nth !== undefined) return Array.isArray(rule.nth) ? rule.nth.includes(call) : rule.nth === call;
  if (rule.probability === undefined) return true;
  let text = 0;
  for (const character of operation) text = mix(text, character.codePointAt(0)!);
  return mix(seed, index, text, call) / 0x1_0000_0000 < rule.probability;
}

/** A mild mix of everything that goes wrong in real networks: a client that retries gets through. */
export function seededFaults(seed: number): FaultPlanSpec {
  const random = createRandom(seed);
  const rate = (most: number) => most * (0.25 + 0.75 * random.unit());
  return {
    seed,
    rules: [
      { operation: 'soap:*', action: { kind: 'latency', ms: 20 + random.below(80) }, probability: rate(0.05) },
      { operation: 'soap:*', action: { kind: 'reset', when: 'before' }, probability: rate(0.02) },
      { operation: 'soap:RetrievePropertiesEx', action: { kind: 'status', status: 503 }, probability: rate(0.02) },
      { operation: 'soap:*', action: { kind: 'sessionLoss' }, probability: rate(0.01) },
      { operation: 'folder:GET', action: { kind: 'latency', ms: 20 + random.below(80) }, probability: rate(0.05) },
      { operation: 'folder:GET', action: { kind: 'reset', when: 'during' }, probability: rate(0.02) },
      { operation: 'folder:GET', action: { kind: 'status', status: 500 + random.below(4) }, probability: rate(0.02) },
      { operation: 'folder:GET', action: { kind: 'shortRead', fraction: random.unit() }, probability: rate(0.02) },
      { operation: 'folder:GET', action: { kind: 'sessionLoss' }, probability: rate(0.005) },
      {
        operation: 'task:CreateSnapshot_Task',
        action: { kind: 'landsLater', ms: 200 + random.below(1000) },
        probability: rate(0.05),
        times: 3,
      },
      { operation: 'task:RemoveSnapshot_Task', action: { kind: 'consolidationFails' }, probability: rate(0.05), times: 2 },
      { operation: 'task:*', action: { kind: 'taskFault', fault: 'HostCommunication' }, probability: rate(0.02), times: 3 },
    ],
  };
}
