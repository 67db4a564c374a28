/** Waits until a condition holds, looking often; fails with what it last saw. */
export async function eventually<T>(
  look: () => T | Promise<T>,
  holds: (seen: T) => boolean,
  withinMs = 20_000,
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
