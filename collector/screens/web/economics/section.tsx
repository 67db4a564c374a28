import type { ComponentChildren } from 'preact'
import { clock } from '../format.ts'
import type { Answer } from './use-answer.ts'

/** One part of the page: its answer with everything that may have become of it. */
export function Section<T>(props: {
  id: string
  title: string
  note?: ComponentChildren
  answer: Answer<T>
  timeZone: string
  /** what is asked with, above the answer */
  form?: ComponentChildren
  /** what to say where there is nothing */
  empty?: (data: T) => ComponentChildren
  children: (data: T) => ComponentChildren
}) {
  const { id, title, note, answer, timeZone, form, empty, children } = props
  const { data, error } = answer
  const nothing = data !== undefined && empty?.(data)
  return (
    <section class="panel" id={id} aria-labelledby={`${id}-title`} aria-busy={answer.busy}>
      <h2 id={`${id}-title`}>
        {title}
        <small>{note}</small>
      </h2>
      {form}
      <Failure answer={answer} timeZone={timeZone} />
      {data === undefined && !error && <p class="empty">Asking the collector …</p>}
      {nothing && <p class="empty">{nothing}</p>}
      {data !== undefined && !nothing && <div class={error ? 'old' : ''}>{children(data)}</div>}
    </section>
  )
}

/** Why there is no new answer, and how old the one is that is shown. */
export function Failure({ answer, timeZone }: { answer: Answer<unknown>; timeZone: string }) {
  const { error, atMs, again } = answer
  if (!error) return null
  return (
    <p class="fault" role="alert">
      ◆ {error.message}
      {atMs !== undefined && <> · what follows is of {clock(atMs, timeZone, true)}</>}{' '}
      <button type="button" onClick={again}>
        Ask again
      </button>
    </p>
  )
}
