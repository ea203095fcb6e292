// Package webhook makes a delivery into an attempt: it builds the body, signs it, posts it, judges
// the answer and says when to try again. It knows HTTP and nothing of lanes or the store.
//
//	SyncBody.Bytes -> Headers -> Sender.Send -> Judge -> Schedule.Delay
//
// Everything but Send is pure.
package webhook
