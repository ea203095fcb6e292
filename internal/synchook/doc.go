// Package synchook is the vocabulary of the program: its types, its rules and its pure judgements.
// It imports nothing but the standard library and does no input or output, so that every other
// package can share its words. The words themselves are explained in docs/architecture.md.
//
// # State machines
//
// A run:
//
//	          take                  seal, hand in
//	queued ─────────▶ running ─────────────────────▶ succeeded
//	  ▲ │                │ │ │
//	  │ │                │ │ └─ attempts used up ───▶ failed
//	  │ │                │ └─── CancelRun ──────────▶ cancelled
//	  │ └── CancelRun ───│─────────────────────────▶ cancelled
//	  └──────────────────┘ script error with attempts left, or its worker stopped
//
// A delivery:
//
//	           2xx
//	pending ─────────▶ delivered
//	  ▲ │ │
//	  │ │ └─ attempts used up, or expired ──▶ exhausted
//	  │ └─── its webhook URL was removed ───▶ cancelled
//	  └─ any other answer, with attempts left; RetryDelivery from any final state,
//	     a recovery from exhausted
//
// A recovery:
//
//	          all was looked at
//	running ────────────────────▶ succeeded
//	  ▲ │ │
//	  │ │ └─── CancelRecovery ──▶ cancelled
//	  │ │                             ▲
//	  │ └─ PauseRecovery ──▶ paused ──┘ CancelRecovery
//	  └──── ResumeRecovery ────┘
package synchook
