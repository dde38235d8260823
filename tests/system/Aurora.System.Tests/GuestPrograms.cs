using Xunit;

namespace Aurora.SystemTests;

/// <summary>The guest programs that report in TAP lines (guests/c).</summary>
public static class GuestPrograms
{
    public static TheoryData<string> Names =>
    [
        "files", "memory", "processes", "signals", "waiting", "badptr", "badelf", "hostile", "exhaust", "keeps", "windows", "privilege", "answers",
    ];
}
