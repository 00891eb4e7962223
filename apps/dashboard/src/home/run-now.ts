import { ask } from '../server/ask.js';

/** Runs a workflow as any program would: with the key alone, without the session. */
export async function runNow(workflowId: string, input: unknown, key: string) {
  const beganMs = performance.now();
  const answer = await ask<unknown>(`/api/workflows/${workflowId}/execute`, {
    method: 'POST',
    body: input,
    headers: { 'x-api-key': key },
    ownCredential: true,
  });
  return { answer, tookMs: Math.round(performance.now() - beganMs) };
}
