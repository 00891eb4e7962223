export * from './events.js';
export * from './events-control.js';
export * from './events-usage.js';
export * from './money.js';
export * from './names.js';
export * from './problems.js';
export * from './routes.js';
export * from './topics.js';
