// Package webhook makes a delivery into an attempt: it builds the body, signs it, posts it, judges
// the answer and says when to try again. It knows HTTP and nothing of lanes or the store.
//
//	SyncBody.Bytes -> Headers -> Sender.Send -> Judge -> Schedule.Delay
//
// A Flow decides how many attempts may be in flight to one endpoint, and when the next may begin:
//
//	Flow.Allow -> Send -> Flow.After
//
// Everything but Send, and Probe for a person who wants to see it all, is pure.
package webhook
