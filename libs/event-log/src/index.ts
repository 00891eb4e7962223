export * from './event-log.js';
export * from './sql-session.js';
