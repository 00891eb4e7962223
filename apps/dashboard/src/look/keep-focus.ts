/**
 * Keeps the focus when what had it is gone: a form in a dialog, a dialog that closed, a row that was removed. It goes to the
 * open dialog; else back to what had it on the page before, or to the page's top: whoever uses the keyboard goes on from
 * there. A press of the mouse beside everything may let it go.
 */
export function keepFocus(): void {
  let focused: Element | undefined;
  let lastOnPage: HTMLElement | undefined;
  document.addEventListener('pointerdown', () => (focused = undefined), true);
  document.addEventListener('focusin', ({ target }) => {
    focused = target as Element;
    if (focused.closest('main')) lastOnPage = target as HTMLElement;
  });
  new MutationObserver(() => {
    if (!focused || focused.isConnected || document.activeElement !== document.body) return;
    const dialog = [...document.querySelectorAll<HTMLElement>('[role="dialog"]')].at(-1);
    const place = dialog ? (dialog.querySelector<HTMLElement>('[data-autofocus]') ?? dialog) : lastOnPage;
    place?.focus({ preventScroll: true });
    // It is gone, too, or takes no focus any more.
    if (document.activeElement === document.body) document.querySelector('main')?.focus({ preventScroll: true });
  }).observe(document.body, { childList: true, subtree: true });
}
