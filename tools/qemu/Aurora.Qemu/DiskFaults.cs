// Rules for QEMU's blkdebug driver. It has states: an event may move it from one to the next, and an error may be injected in one state only. A
// chain of states that every write moves on by one makes errors that begin after so many writes, in the middle of a session.
using System.IO;
using System.Text;

namespace Aurora.Qemu;

/// <summary>Which requests to a disk fail with an I/O error.</summary>
public enum FailingRequests
{
    Reads,
    Writes,
    Flushes,
}

/// <summary>A file of blkdebug rules.</summary>
public sealed class DiskFaults
{
    private DiskFaults(string rulesFile) => RulesFile = rulesFile;

    public string RulesFile { get; }

    /// <summary>Writes rules to a file: requests of a kind fail, once or for ever, after a number of writes have been made.</summary>
    public static DiskFaults Create(string rulesFile, FailingRequests requests, int afterWrites, bool once)
    {
        var rules = new StringBuilder();
        for (int write = 1; write <= afterWrites; write++)
            rules.Append(System.Globalization.CultureInfo.InvariantCulture, $"[set-state]\nevent = \"pwritev\"\nstate = \"{write}\"\nnew_state = \"{write + 1}\"\n\n");
        string kind = requests switch
        {
            FailingRequests.Reads => "read",
            FailingRequests.Writes => "write",
            _ => "flush",
        };

        // A rule comes alive with an event, here the next write; from then on it fails what it names.
        rules.Append(System.Globalization.CultureInfo.InvariantCulture, $"[inject-error]\nevent = \"pwritev\"\niotype = \"{kind}\"\nstate = \"{afterWrites + 1}\"\nerrno = \"5\"\n");
        rules.Append(once ? "once = \"on\"\n" : "");
        File.WriteAllText(rulesFile, rules.ToString());
        return new DiskFaults(rulesFile);
    }
}
