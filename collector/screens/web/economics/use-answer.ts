import { useEffect, useState } from 'preact/hooks'
import { ApiError, ask } from './api.ts'

const LOOK_MS = 2_000

/** The newest answer to a question. Data stays while the next is asked, and when that fails. */
export interface Answer<T> {
  data?: T
  /** when `data` came, Unix ms by this browser's clock */
  atMs?: number
  error?: ApiError
  /** a question is on its way */
  busy: boolean
  again(): void
}

/**
 * Asks when the page opens, when the question changes, and every `everyMs` while somebody looks; `delayMs` waits for a pause
 * in typing. Another path forgets the old answer; another body keeps it until the new one is here.
 */
export function useAnswer<T>(question: {
  path: string
  body?: unknown
  everyMs?: number
  delayMs?: number
}): Answer<T> {
  const { path, body, everyMs, delayMs = 0 } = question
  const [state, setState] = useState<Omit<Answer<T>, 'again'> & { path: string }>({ path, busy: true })
  const [turn, setTurn] = useState(0)
  const asked = body === undefined ? undefined : JSON.stringify(body)
  useEffect(() => {
    const stop = new AbortController()
    let timer: ReturnType<typeof setTimeout>
    const next = (afterMs = everyMs) => {
      if (afterMs !== undefined && !stop.signal.aborted) timer = setTimeout(turnOn, afterMs)
    }
    const turnOn = async () => {
      // nobody looks: the answer can wait until somebody does
      if (document.hidden) return next(LOOK_MS)
      setState((was) => ({ ...(was.path === path ? was : {}), path, busy: true }))
      try {
        const data = await ask<T>(path, stop.signal, asked === undefined ? undefined : JSON.parse(asked))
        setState({ path, data, atMs: Date.now(), busy: false })
      } catch (error) {
        if (stop.signal.aborted) return
        const why = error instanceof ApiError ? error : new ApiError(String(error))
        setState((was) => ({ ...was, error: why, busy: false }))
      }
      next()
    }
    timer = setTimeout(turnOn, delayMs)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [path, asked, everyMs, delayMs, turn])
  const { path: of, ...answer } = state
  const again = () => setTurn((n) => n + 1)
  return of === path ? { ...answer, again } : { busy: true, again }
}
