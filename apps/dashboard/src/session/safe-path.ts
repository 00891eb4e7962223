/** Where to go after signing in: a path of this page alone, never another site. */
export function safePath(to: unknown): string {
  return typeof to === 'string' && /^\/(?![/\\])/.test(to) && !to.startsWith('/sign-') ? to : '/';
}
