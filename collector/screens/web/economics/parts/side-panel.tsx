import { type ComponentChildren, createContext } from 'preact'
import { useContext, useEffect, useRef, useState } from 'preact/hooks'

/** Opens the panel beside the page. */
type Open = (title: string, content: ComponentChildren) => void

const OpenContext = createContext<Open>(() => {})
const useOpen = (): Open => useContext(OpenContext)

/** Lets its children open the panel. Opening it again replaces its content. */
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

/** The browser's dialog element keeps the focus inside, restores it afterwards, and closes on Esc. */
function Panel(props: { title: string; onClose: () => void; children: ComponentChildren }) {
  const { title, onClose, children } = props
  const ref = useRef<HTMLDialogElement>(null)
  useEffect(() => ref.current?.showModal(), [])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a click outside closes it; the keyboard has Esc
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

/** A figure that opens its explanation when it is pressed. */
export function Why(props: { title: string; content: () => ComponentChildren; children: ComponentChildren }) {
  const open = useOpen()
  return (
    <button
      type="button"
      class="why"
      title="Show how this is computed"
      onClick={() => open(props.title, props.content())}
    >
      {props.children}
    </button>
  )
}
