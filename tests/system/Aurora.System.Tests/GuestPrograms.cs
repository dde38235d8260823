using System;
using System.Globalization;
using System.IO;
using System.Linq;
using Xunit;

namespace Aurora.SystemTests;

/// <summary>The guest programs that report in TAP lines (guests/c).</summary>
public static class GuestPrograms
{
    public static TheoryData<string> Names =>
    [
        "files", "memory", "processes", "signals", "waiting", "badptr", "badelf", "hostile", "exhaust", "keeps", "windows", "privilege",
        "answers", "edges", "guards", "gone", "leases", "sequences", "greatest", "events", "epolls", "pidfds", "shms", "msgs", "sems",
        "sockets", "names", "passes", "vdso", "ptys", "mqueues", "watches",
    ];

    /// <summary>
    /// Those that can run on this machine's Linux: what is about privilege wants every capability there is, which containers do not have,
    /// and the greatest files are those of tmpfs.
    /// </summary>
    public static TheoryData<string> OnLinux
    {
        get
        {
            var programs = new TheoryData<string>();
            foreach (string name in Names)
                if (name != "greatest" && (name != "privilege" || HasEveryCapability()))
                    programs.Add(name);
            return programs;
        }
    }

    private static bool HasEveryCapability()
    {
        const string field = "CapEff:";
        string line = File.ReadLines("/proc/self/status").First(each => each.StartsWith(field, StringComparison.Ordinal));
        ulong effective = ulong.Parse(line[field.Length..].Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        int last = int.Parse(File.ReadAllText("/proc/sys/kernel/cap_last_cap"), CultureInfo.InvariantCulture);
        return effective == (1UL << (last + 1)) - 1;
    }
}
