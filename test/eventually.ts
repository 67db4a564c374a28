/** Checks a condition every 50 ms until it holds. @throws the last value, where it does not hold in time */
export async function eventually<T>(
  look: () => T | Promise<T>,
  holds: (seen: T) => boolean,
  withinMs = 180_000,
): Promise<T> {
  const until = Date.now() + withinMs
  for (;;) {
    const seen = await look()
    if (holds(seen)) return seen
    if (Date.now() > until)
      throw new Error(
        `did not come true in ${withinMs} ms; last seen: ${JSON.stringify(seen)?.slice(0, 2000)}`,
      )
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
