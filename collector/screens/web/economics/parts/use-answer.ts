import { useEffect, useState } from 'preact/hooks'
import { ApiError, request } from './api-client.ts'

const HIDDEN_RECHECK_MS = 2_000

/** The newest answer of a path of the API. `data` stays while the next request runs, and if that fails. */
export interface Answer<T> {
  data?: T
  /** when `data` came, Unix ms of this browser's clock */
  atMs?: number
  error?: ApiError
  /** a request is running */
  busy: boolean
  /** sends the request again now */
  again(): void
}

/**
 * Requests when the page opens, when path or body change, and every `everyMs` while the page is visible. `delayMs` debounces typing.
 * A new path drops the old answer; a new body keeps it until the new answer is here.
 */
export function useAnswer<T>(query: {
  path: string
  body?: unknown
  everyMs?: number
  delayMs?: number
}): Answer<T> {
  const { path, body, everyMs, delayMs = 0 } = query
  const [state, setState] = useState<Omit<Answer<T>, 'again'> & { path: string }>({ path, busy: true })
  const [turn, setTurn] = useState(0)
  const bodyText = body === undefined ? undefined : JSON.stringify(body)
  useEffect(() => {
    const stop = new AbortController()
    let timer: ReturnType<typeof setTimeout>
    const next = (afterMs = everyMs) => {
      if (afterMs !== undefined && !stop.signal.aborted) timer = setTimeout(load, afterMs)
    }
    const load = async () => {
      // a hidden page requests nothing
      if (document.hidden) return next(HIDDEN_RECHECK_MS)
      setState((was) => ({ ...(was.path === path ? was : {}), path, busy: true }))
      try {
        const data = await request<T>(
          path,
          stop.signal,
          bodyText === undefined ? undefined : JSON.parse(bodyText),
        )
        setState({ path, data, atMs: Date.now(), busy: false })
      } catch (error) {
        if (stop.signal.aborted) return
        const why = error instanceof ApiError ? error : new ApiError(String(error))
        setState((was) => ({ ...was, error: why, busy: false }))
      }
      next()
    }
    timer = setTimeout(load, delayMs)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [path, bodyText, everyMs, delayMs, turn])
  const { path: of, ...answer } = state
  const again = () => setTurn((n) => n + 1)
  return of === path ? { ...answer, again } : { busy: true, again }
}
