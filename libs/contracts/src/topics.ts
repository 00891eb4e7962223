/**
 * The log's topics, one per aggregate. Order is kept per topic and partition key. Control-plane topics are kept for
 * ever, so that a directory can be rebuilt from them; data-plane topics are the bill's source and are kept for ever
 * in the embedded log.
 */
export const CONTROL_TOPICS = ['users', 'workspaces', 'keys', 'workflows', 'prices'] as const;
export const DATA_TOPICS = ['usage', 'runs', 'activity'] as const;
export const TOPICS = [...CONTROL_TOPICS, ...DATA_TOPICS] as const;
export type Topic = (typeof TOPICS)[number];
