import type { ComponentChildren } from 'preact'
import { clock } from '../../parts/format.ts'
import type { Answer } from './use-answer.ts'

/** One section of the page: its answer, or that it is awaited, failed or empty. */
export function Section<T>(props: {
  id: string
  title: string
  note?: ComponentChildren
  answer: Answer<T>
  timeZone: string
  /** inputs, shown above the answer */
  form?: ComponentChildren
  /** text to show instead of an empty answer; false for one that is not empty */
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
      {data === undefined && !error && <p class="empty">Waiting for the collector …</p>}
      {nothing && <p class="empty">{nothing}</p>}
      {data !== undefined && !nothing && <div class={error ? 'old' : ''}>{children(data)}</div>}
    </section>
  )
}

/** Why the newest request failed, and the age of the answer that is still shown. */
export function Failure({ answer, timeZone }: { answer: Answer<unknown>; timeZone: string }) {
  const { error, atMs, again } = answer
  if (!error) return null
  return (
    <p class="fault" role="alert">
      ◆ {error.message}
      {atMs !== undefined && <> · the figures below are from {clock(atMs, timeZone, true)}</>}{' '}
      <button type="button" onClick={again}>
        Try again
      </button>
    </p>
  )
}
