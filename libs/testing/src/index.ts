export * from './cable.js';
export * from './eventually.js';
export * from './free-port.js';
export * from './fresh-database.js';
export * from './oidc-issuer.js';
export * from './own-certificate.js';
export * from './own-redis-cluster.js';
export * from './own-redis.js';
