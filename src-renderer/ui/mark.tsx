/** The mark of resources/icon.svg without its ground, in the colour of the text around it. */
export function Mark({ size = 22 }: { size?: number }) {
  return (
    <svg
      viewBox="6 6 52 52"
      width={size}
      height={size}
      fill="none"
      stroke="currentColor"
      strokeWidth={4.5}
      strokeLinecap="round"
      aria-hidden="true"
    >
      <circle cx="32" cy="32" r="9.5" strokeWidth={5.5} />
      {[0, 45, 90, 135, 180, 225, 270, 315].map((angle) => (
        <path key={angle} d="M32 20.5C32 14 34.2 10 39 8.5" transform={`rotate(${angle} 32 32)`} />
      ))}
    </svg>
  );
}
