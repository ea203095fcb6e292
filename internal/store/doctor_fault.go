package store

import (
	"strconv"
	"strings"
)

// fault is a kind of finding. Its texts may name the %member, the %quoted member, and the %detail.
type fault struct {
	problem string
	remedy  string
	byHand  bool // whether only a person can mend it
}

// faults is the catalogue of all that the doctor can find, by code.
func faults() map[string]fault {
	return map[string]fault{
		"row_damaged":       {problem: "the row %member (%detail) lacks what it cannot be read without", remedy: "what is left of it is removed"},
		"row_unlisted":      {problem: "%member is missing from the index %detail, or stands at the wrong place in it", remedy: "it is listed where it belongs"},
		"row_misplaced":     {problem: "%member is in the index %detail, which is of another state", remedy: "it is removed from that index"},
		"index_without_row": {problem: "the index %detail names %member, which does not exist", remedy: "the entry is removed"},

		"event_not_remembered": {problem: "the event %member (%detail of its provider) is not remembered, so the same webhook would be processed again", remedy: "it is remembered again"},
		"event_miscounted":     {problem: "the event %member says that %detail of its runs have not ended, which is not so; it would be forgotten too early, or never", remedy: "its runs are counted again"},

		"row_without_lane":        {problem: "%member waits, but not in its lane %detail, so nobody will ever work it", remedy: "it goes back into its lane, which is woken"},
		"row_ended_in_lane":       {problem: "%member has ended and still waits in the lane %detail", remedy: "it is removed from the lane"},
		"row_in_other_lane":       {problem: "%member waits in the lane %detail, and belongs to another", remedy: "it is removed from that lane"},
		"row_never_due":           {problem: "%member waits in the lane %detail with a time that never comes", remedy: "it is due now"},
		"lane_without_row":        {problem: "%member waits in the lane %detail and does not exist, which stops the lane", remedy: "the entry is removed"},
		"in_flight_without_lease": {problem: "%detail rows of the lane %member are in flight, and no worker has held it for a minute", remedy: "they are due again, and the lane is woken"},
		"lane_forgotten":          {problem: "the lane %member is to be worked (%detail rows), and the sweep does not know it", remedy: "the lane is woken"},
		"lane_overdue":            {problem: "nobody has touched the lane %member for a minute after it was due, and its hint (generation %detail) is not in the queue", remedy: "the lane is woken; see that a worker runs"},
		"lane_sleeps_long":        {problem: "the lane %member sleeps until %detail ms, long after its next row is due", remedy: "the lane is woken"},
		"owed_unlisted":           {problem: "something waits in the lane %member, and it is not on the list of those that are owed something, so statistics do not show it", remedy: "it is listed"},
		"owed_without_lane":       {problem: "the list of lanes that are owed something names %member, which does not exist", remedy: "the entry is removed"},
		"joining_unlisted":        {problem: "%member waits for %detail and is missing from the index of those that may become one with others, so it is sent on its own", remedy: "it is listed"},
		"joining_ended":           {problem: "%quoted is in the index of those that wait for the endpoint %detail and may become one, and does not wait", remedy: "the entry is removed"},
		"lane_without_owner":      {problem: "the lane %member is empty, and what it was for is gone", remedy: "the lane is removed"},

		"config_damaged":              {problem: "the %detail %member cannot be read", remedy: "restore it from a backup, or make it anew", byHand: true},
		"connection_unmatched":        {problem: "events do not find the connection %member of integration %detail by something that it should be found by", remedy: "the entry is made again"},
		"endpoint_without_connection": {problem: "the endpoint %member is of the connection %detail, which is gone", remedy: "it is removed"},
		"match_without_connection":    {problem: "events of integration %detail find a connection that is gone, or no longer has that value: %quoted", remedy: "the entry is removed"},
		"thing_unnamed":               {problem: "%member cannot be found by its name %detail", remedy: "it has its name again"},
		"name_of_another":             {problem: "the name %detail of %member is another's", remedy: "rename or delete one of the two", byHand: true},
		"name_without_thing":          {problem: "the name %quoted stands for %detail, which does not exist or is called otherwise", remedy: "the name is free again"},
		"part_without_integration":    {problem: "%member is kept for an integration that is gone", remedy: "lists of refused webhooks and of removed syncs are removed; for others, restore the integration from a backup"},
		"sync_without_script":         {problem: "the script of the sync %member (%detail) is gone, so its runs fail", remedy: "deploy the sync again", byHand: true},
		"script_expires":              {problem: "the script of the sync %member (%detail) is about to be forgotten", remedy: "it is kept"},
		"script_unnamed":              {problem: "no sync names the script %member, and it is kept for ever", remedy: "it expires within an hour"},
		"schedule_damaged":            {problem: "the schedule %quoted names no connection and sync", remedy: "it is removed"},
		"schedule_without_connection": {problem: "the schedule %member is of a connection that is gone", remedy: "it is removed"},
		"schedule_though_paused":      {problem: "the schedule %member would start a sync that a person has paused", remedy: "it is removed; starting the sync makes it again"},
		"schedule_missing":            {problem: "the connection and sync %member (%detail) have no schedule, so the sync never runs by itself", remedy: "it is due now"},
		"status_without_connection":   {problem: "the status %member is of a connection that is gone", remedy: "it is removed"},
		"never_expires":               {problem: "%member should expire, and does not", remedy: "it expires after the usual time"},
		"clock_behind":                {problem: "the clock is behind %member (%detail), so that delta could hide changes", remedy: "the clock is set forward"},

		"record_unlisted":         {problem: "the record %quoted of model %detail is missing from the index by last change, or stands at the wrong place in it, so delta does not show it", remedy: "it is listed where it belongs"},
		"deletion_unlisted":       {problem: "the record %quoted of model %detail was deleted, and is not on the list by which it is forgotten in time", remedy: "it is listed"},
		"deletion_of_living":      {problem: "the record %quoted of model %detail is on the list of deletions, and lives", remedy: "it is removed from that list"},
		"deletions_forgotten":     {problem: "deleted records of the model %member are never forgotten, because the project's list lacks it", remedy: "it is listed"},
		"tomb_without_connection": {problem: "the list of models with deleted records names %member, of a connection that is gone", remedy: "the entry is removed"},
		"record_damaged":          {problem: "the record %quoted of model %detail cannot be read, and stops every page that it is on", remedy: "it is removed; the next full run saves it again"},
		"records_miscounted":      {problem: "the model %member has as many records, and entries in its index, as this: %detail", remedy: "the records that are not listed are; the entries without record are removed"},
		"ordinal_behind":          {problem: "the count of runs (%detail) is behind the record %quoted, so that counts could be wrong", remedy: "the count is set forward"},
		"run_not_kept":            {problem: "%member is not on the list by which it is found when its connection is deleted", remedy: "it is listed"},

		"project_unlisted":       {problem: "the project %member is on no list of projects, so nobody works it", remedy: "it is listed"},
		"project_without_row":    {problem: "there is something of a project that does not exist: %member", remedy: "restore the project from a backup, or remove its keys", byHand: true},
		"connection_without_row": {problem: "there is something of the connection %detail, which does not exist and is on no list: %member", remedy: "all of it is removed, as it was to be when the connection was deleted"},
		"connection_lost":        {problem: "the connection %member is in the index %detail and has records, and its row is gone", remedy: "restore it from a backup; without one, remove it from the index, and --repair removes its records", byHand: true},
		"purge_forgotten":        {problem: "%detail was deleted, and nobody is about to remove what is left of it", remedy: "it is on the list of what is to be removed"},
		"public_unknown":         {problem: "webhooks to the project %member are refused, because its public ID %detail is not listed", remedy: "it is listed"},
		"public_without_project": {problem: "the public ID %member stands for the project %detail, which does not exist or has another", remedy: "the entry is removed"},
		"list_without_project":   {problem: "the list of projects names %member, which does not exist", remedy: "the entry is removed"},
		"key_without_row":        {problem: "an API key of project %detail opens it and cannot be seen or revoked (hash %member)", remedy: "the key is revoked"},
		"key_opens_nothing":      {problem: "the API key %member is listed, and opens nothing", remedy: "it is removed from the list; make a new one"},
		"key_use_without_key":    {problem: "the API key %member is gone, and when it was used is still kept", remedy: "the entry is removed"},
		"key_unknown":            {problem: "nobody knows what the key %member is for", remedy: "look at it, and remove it if it is of no use", byHand: true},
	}
}

// finding words what is the matter with a member.
func (s symptom) finding() Finding {
	f := faults()[s.code]
	words := strings.NewReplacer("%member", s.member, "%quoted", strconv.Quote(s.member), "%detail", s.detail)
	return Finding{
		Code: s.code, Project: s.project, Connection: s.connection, Member: s.member,
		Problem: words.Replace(f.problem), Remedy: words.Replace(f.remedy), ByHand: f.byHand,
	}
}
