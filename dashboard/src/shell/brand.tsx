/** Brand is the name with its sign. */
export function Brand() {
  return (
    <>
      <svg width="24" height="24" viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="8" fill="#4457d6" />
        <path
          d="M10 7v10a6 6 0 0 0 12 0v-2m0 0-4 4m4-4 4 4"
          fill="none"
          stroke="#fff"
          strokeWidth="2.6"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      </svg>
      synchook
    </>
  );
}
