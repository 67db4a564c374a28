/** How long the page waits for an answer. The collector’s own deadline is 20 s. */
const DEADLINE_MS = 25_000

interface Fault {
  parameter: string
  problem: string
}

/** A refusal or failure of the API, in its words, or that no answer came. */
export class ApiError extends Error {
  readonly faults: readonly Fault[]
  constructor(message: string, faults: readonly Fault[] = []) {
    super(message)
    this.faults = faults
  }
}

/** Requests JSON from the API; a body makes it a POST. Rejects with an ApiError, or with the signal's reason if it aborts. */
export async function request<T>(path: string, signal: AbortSignal, body?: unknown): Promise<T> {
  const cut = new AbortController()
  const abort = () => cut.abort(signal.reason)
  const timer = setTimeout(
    () => cut.abort(new ApiError('no answer from the collector in 25 s; look at its log')),
    DEADLINE_MS,
  )
  signal.addEventListener('abort', abort)
  try {
    const response = await fetch(path, {
      signal: cut.signal,
      headers: { accept: 'application/json', 'content-type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    })
    // the token in the configuration has changed: sign in with the new one
    if (response.status === 401) location.assign('/sign-in')
    const text = await response.text()
    if (!response.ok) throw refused(response.status, text)
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof ApiError || signal.aborted) throw error
    throw new ApiError('no answer from the collector; check that it runs and that the network is up')
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
}

function refused(status: number, text: string): ApiError {
  try {
    const { error } = JSON.parse(text) as { error: { message: string; details?: Fault[] } }
    return new ApiError(error.message, error.details)
  } catch {
    return new ApiError(`the collector answered with status ${status}; look at its log`)
  }
}
