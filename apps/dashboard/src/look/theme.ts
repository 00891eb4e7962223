import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core';

/** The nonce of this page's policy: style elements made at run time must carry it. */
export const styleNonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';
/** Where the scroll lock of dialogs looks for it. */
(globalThis as { __webpack_nonce__?: string }).__webpack_nonce__ = styleNonce;

const sea: MantineColorsTuple = [
  '#e6f7fa',
  '#d0ebf0',
  '#a3d7e0',
  '#72c2cf',
  '#4ab0c0',
  '#2fa3b5',
  '#1b8ea0',
  '#0b7285',
  '#075e6e',
  '#024a57',
];

/** Dark enough at its main shade for white text. */
const red: MantineColorsTuple = [
  '#fff5f5',
  '#ffe3e3',
  '#ffc9c9',
  '#ffa8a8',
  '#ff8787',
  '#fa5252',
  '#e03131',
  '#c92a2a',
  '#b02525',
  '#951f1f',
];

/** The same steps as the widgets' own greys, a little blue as the page is. */
const dark: MantineColorsTuple = [
  '#d3d8dd',
  '#b9c0c7',
  '#828b94',
  '#656e77',
  '#373d44',
  '#30363c',
  '#2a2f35',
  '#1f2226',
  '#1a1d20',
  '#121417',
];

/** A list scrolls by itself: the widgets' own scroll area within it is a stop that no key reaches. */
const list = { defaultProps: { withScrollArea: false }, styles: { options: { maxHeight: 260, overflowY: 'auto' } } };

export const theme = createTheme({
  respectReducedMotion: true,
  primaryColor: 'sea',
  primaryShade: 7,
  autoContrast: true,
  luminanceThreshold: 0.28,
  colors: { sea, dark, red },
  defaultRadius: 'md',
  cursorType: 'pointer',
  fontFamily: 'Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
  headings: {
    fontWeight: '650',
    sizes: { h1: { fontSize: '1.5rem' }, h2: { fontSize: '1.15rem' }, h3: { fontSize: '1rem' } },
  },
  components: {
    Modal: { defaultProps: { centered: false, size: 'lg', closeButtonProps: { 'aria-label': 'Close' } } },
    Drawer: { defaultProps: { closeButtonProps: { 'aria-label': 'Close' } } },
    // Its stop for the focus is a child that no menu may have.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    Select: list,
    MultiSelect: list,
    Badge: { defaultProps: { radius: 'sm', tt: 'none' }, styles: { root: { minWidth: 'max-content' } } },
    Table: { defaultProps: { verticalSpacing: 'sm' } },
    Tooltip: { defaultProps: { events: { hover: true, focus: true, touch: true } } },
  },
});

/** Quiet and coloured text that still has a contrast of 4.5 to 1 on every surface it stands on. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#5c6670',
    '--mantine-color-placeholder': '#6b747d',
    '--mantine-color-error': '#c02424',
    '--mantine-color-teal-light-color': '#05603f',
    '--mantine-color-orange-light-color': '#993800',
    '--mantine-color-red-light-color': '#a81e1e',
    '--mantine-color-yellow-light-color': '#7a4a00',
    '--mantine-color-gray-light-color': '#495057',
  },
  dark: {
    '--mantine-color-dimmed': '#a3abb3',
    '--mantine-color-placeholder': '#9aa2aa',
    '--mantine-color-error': '#ff8787',
    '--mantine-color-red-light-color': '#ffa3a3',
    '--mantine-color-sea-light-color': '#86d6e3',
    '--mantine-color-teal-light-color': '#86e0bd',
    '--mantine-color-orange-light-color': '#ffbb85',
    '--mantine-color-yellow-light-color': '#ffd873',
    '--mantine-color-grape-light-color': '#e5a9f2',
    '--mantine-color-gray-light-color': '#c4cad0',
    '--mantine-color-gray-light': '#343a41',
    '--mantine-color-gray-light-hover': '#3d444c',
    '--mantine-color-sea-light': '#0f343c',
    '--mantine-color-sea-light-hover': '#144049',
  },
});
