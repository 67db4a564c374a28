import type { RefObject } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

/** The condition of one-screen.css, under which the page fills the screen and never scrolls. */
const WALL = '(min-width: 1200px) and (min-height: 640px)'
const SCROLLING_ROWS = 12

/**
 * How many rows of height `rowRem` fit into an element (set `ref` on it): a wall shows whole rows, and a count of the rest.
 * On a page that scrolls it is a fixed number.
 */
export function useFittingRows(rowRem: number): [RefObject<HTMLDivElement | null>, number] {
  const ref = useRef<HTMLDivElement>(null)
  const [rows, setRows] = useState(SCROLLING_ROWS)
  useEffect(() => {
    const element = ref.current
    if (!element) return
    const measure = () => {
      const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize)
      const fitting = Math.floor(element.clientHeight / (rowRem * rem) + 0.02)
      setRows(matchMedia(WALL).matches ? Math.max(1, fitting) : SCROLLING_ROWS)
    }
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return [ref, rows]
}
