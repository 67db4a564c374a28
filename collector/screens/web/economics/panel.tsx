import { type ComponentChildren, createContext } from 'preact'
import { useContext, useEffect, useRef, useState } from 'preact/hooks'

/** Opens the panel beside the page: a title, and what explains it. */
type Open = (title: string, content: ComponentChildren) => void

const OpenContext = createContext<Open>(() => {})
const useOpen = (): Open => useContext(OpenContext)

/** Lets everything in it open the panel, one content at a time. */
export function WithPanel({ children }: { children: ComponentChildren }) {
  const [shown, setShown] = useState<{ title: string; content: ComponentChildren }>()
  return (
    <OpenContext.Provider value={(title, content) => setShown({ title, content })}>
      {children}
      {shown && (
        <Panel title={shown.title} onClose={() => setShown(undefined)}>
          {shown.content}
        </Panel>
      )}
    </OpenContext.Provider>
  )
}

/** The browser's own dialog: it holds the focus, gives it back, and closes with Esc. */
function Panel(props: { title: string; onClose: () => void; children: ComponentChildren }) {
  const { title, onClose, children } = props
  const ref = useRef<HTMLDialogElement>(null)
  useEffect(() => ref.current?.showModal(), [])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a click beside it closes it; keys have Esc
    <dialog
      ref={ref}
      aria-labelledby="panel-title"
      onClose={onClose}
      onClick={(e) => e.target === ref.current && ref.current?.close()}
    >
      <div class="inside">
        <div class="head">
          <h2 id="panel-title">{title}</h2>
          <button type="button" onClick={() => ref.current?.close()}>
            Close
          </button>
        </div>
        {children}
      </div>
    </dialog>
  )
}

/** A figure that explains itself when it is pressed. */
export function Why(props: { title: string; content: () => ComponentChildren; children: ComponentChildren }) {
  const open = useOpen()
  return (
    <button
      type="button"
      class="why"
      title="How it came about"
      onClick={() => open(props.title, props.content())}
    >
      {props.children}
    </button>
  )
}
