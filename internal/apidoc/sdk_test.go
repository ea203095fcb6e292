package apidoc

import (
	"strings"
	"testing"
)

const smallTypes = `/**
 * The module.
 */
declare module 'nango' {
  /** What a script has. */
  export interface NangoSync {
    /** Who. */
    readonly connectionId: string;
    /** Writes a | b. */
    log(message: string | number): Promise<void>;
    /** Any. */
    [key: string]: unknown;
  }

  /** An answer. */
  export interface Answer<T = unknown> extends Base {
    /** Maybe. */
    data?: T;
  }
}
`

func TestTheReferenceOfTheTypesTakesThePlaceOfTheFormerOne(t *testing.T) {
	t.Parallel()
	got, err := WithSDK("before\n"+sdkBegins+"old\n"+sdkEnds+"after\n", smallTypes)
	want := "before\n" + sdkBegins + `
### NangoSync

What a script has.

| declaration | what it is |
|---|---|
| ` + "`readonly connectionId: string`" + ` | Who. |
| ` + "`log(message: string \\| number): Promise<void>`" + ` | Writes a \| b. |
| ` + "`[key: string]: unknown`" + ` | Any. |

### Answer

An answer.

| declaration | what it is |
|---|---|
| ` + "`data?: T`" + ` | Maybe. |

` + sdkEnds + "after\n"
	if err != nil || got != want {
		t.Errorf("%v\n%s\nwant\n%s", err, got, want)
	}
	if _, err := WithSDK("no place", smallTypes); err == nil {
		t.Error("a page without the place is taken")
	}
}

func TestMembersAreNamedAsScriptsCallThem(t *testing.T) {
	t.Parallel()
	var names []string
	for _, one := range Interfaces(smallTypes) {
		for _, m := range one.Members {
			names = append(names, one.Name+"."+m.Name)
		}
	}
	if got := strings.Join(names, " "); got != "NangoSync.connectionId NangoSync.log NangoSync.[...] Answer.data" {
		t.Error(got)
	}
}
