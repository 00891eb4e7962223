export * from './checksum.js';
export * from './digest.js';
export * from './hmac.js';
export * from './mint.js';
export * from './parse.js';
export * from './preview.js';
export * from './seal.js';
export * from './secret-list.js';
