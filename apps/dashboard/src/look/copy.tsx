import { ActionIcon, Button, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useEffect, useState } from 'react';

const SHOWN_MS = 2_000;

/** Copies, and says so to eyes and ears; where the browser refuses, selects nothing and says how to go on. */
export function useCopy(text: string) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle');
  useEffect(() => {
    if (state === 'idle') return;
    const timer = setTimeout(() => setState('idle'), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = () =>
    writeClipboard(text).then(
      () => setState('copied'),
      () => setState('failed'),
    );
  return { state, copy };
}

async function writeClipboard(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Without https the clipboard API is missing; the old way still works.
  const area = document.createElement('textarea');
  area.value = text;
  (document.querySelector('[role="dialog"]') ?? document.body).append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  if (!done) throw new Error('The browser refused to copy');
}

const SAID = { idle: '', copied: 'Copied', failed: 'Copying was refused: select the text and press Ctrl+C' };

export function CopyIcon({ text, label }: { text: string; label: string }) {
  const { state, copy } = useCopy(text);
  return (
    <Tooltip label={SAID[state] || label}>
      <ActionIcon
        variant="subtle"
        color={state === 'copied' ? 'teal' : 'gray'}
        onClick={copy}
        aria-label={label}
        className="copy"
      >
        {state === 'copied' ? <IconCheck size={18} aria-hidden /> : <IconCopy size={18} aria-hidden />}
        <span role="status" className="visually-hidden">
          {SAID[state]}
        </span>
      </ActionIcon>
    </Tooltip>
  );
}

export function CopyButton({ text, label, onCopied }: { text: string; label: string; onCopied?: () => void }) {
  const { state, copy } = useCopy(text);
  return (
    <Button
      onClick={() => void copy().then(onCopied)}
      leftSection={state === 'copied' ? <IconCheck size={18} aria-hidden /> : <IconCopy size={18} aria-hidden />}
      color={state === 'copied' ? 'teal' : undefined}
      data-autofocus
    >
      <span aria-live="polite">{SAID[state] || label}</span>
    </Button>
  );
}

/** Code to read and to copy. */
export function CodeBlock({
  text,
  label,
  wrap = false,
  maxHeight,
}: {
  text: string;
  label: string;
  wrap?: boolean;
  maxHeight?: number;
}) {
  return (
    <div className="code-frame">
      <pre
        className={`code-block ${wrap ? 'code-block-wrapped' : ''}`}
        style={maxHeight ? { maxHeight } : undefined}
        tabIndex={0}
        role="region"
        aria-label={label}
      >
        {text}
      </pre>
      <CopyIcon text={text} label={`Copy ${label.toLowerCase()}`} />
    </div>
  );
}
