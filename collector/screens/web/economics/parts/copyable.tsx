import { useRef, useState } from 'preact/hooks'

/** A line to copy: YAML, or a command. */
export function Copyable({ text }: { text: string }) {
  const ref = useRef<HTMLElement>(null)
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    setCopied(await copyText(text, ref.current))
  }
  return (
    <span class="rule">
      <code ref={ref}>{text}</code>
      <button type="button" onClick={copy}>
        {copied ? 'Copied' : 'Copy'}
      </button>
    </span>
  )
}

/** Browsers have a clipboard API only on https and localhost. Elsewhere this selects the text and tries the old copy command. */
async function copyText(text: string, shown: HTMLElement | null): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    if (shown) getSelection()?.selectAllChildren(shown)
    return document.execCommand('copy')
  }
}
