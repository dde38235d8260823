// What to do about a disk whose session a machine will not start: said in words, with the commands, or with --fallback done. The disk is looked at on
// the host, by the same code as the kernel's, after the machine has let go of it.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Aurora.Images;

namespace Aurora.Cli.Workspace;

/// <summary>Explains, and mends, a session that cannot be started.</summary>
internal sealed class SessionRecovery(string disk, IReadOnlyList<string> commandLine, bool fallsBack)
{
    private static readonly TimeSpan _wellBefore = TimeSpan.FromSeconds(30);

    /// <summary>The newest state cannot be restored. True when the disk has gone back to one that can.</summary>
    public bool FromUnrestorable()
    {
        if (DiskImage.FindWayBack(disk) is not { } way)
        {
            Report.Error($"the newest state of {disk} is whole: a machine like the one it ran on can continue from it");
            return false;
        }
        Report.Error($"{disk}: {way.Lost.Text}");
        if (way.Target is not { } target)
        {
            Report.Error("no checkpoint of it can be restored");
            SayHowToRead(way.Lost.Epoch);
            return false;
        }
        Report.Error($"the newest checkpoint that can be restored is {Describe(target)}");
        if (fallsBack)
        {
            DiskImage.GoBack(disk, way);
            Report.Error($"continuing from it; what was newer stays in the history as unrestorable-{way.Lost.Epoch} until it is dropped (aurora history --drop)");
            return true;
        }
        Report.Error($"to continue from it (what is newer stays in the history):  {WithOption("--at", Number(target.Epoch))}");
        SayHowToRead(way.Lost.Epoch);
        return false;
    }

    /// <summary>The session panics whenever it is started.</summary>
    public void FromHeld()
    {
        Report.Error($"to look at it without running it:  {WithOption("--hold")}");
        if (DiskImage.History(disk) is not [.., ImageCheckpoint newest] history)
            return;
        ImageCheckpoint[] earlier = [.. history.Where(checkpoint => !checkpoint.IsLeft && checkpoint.Epoch < newest.Epoch)];
        ImageCheckpoint? before = earlier.LastOrDefault(checkpoint => checkpoint.Time <= newest.Time - _wellBefore) ?? earlier.FirstOrDefault();
        if (before != null)
            Report.Error($"to go back to {Describe(before)}:  {WithOption("--at", Number(before.Epoch))}");
        Report.Error($"to try it once more:  {WithOption("--at", Number(newest.Epoch))}");
        SayHowToRead(newest.Epoch);
    }

    private void SayHowToRead(ulong epoch)
        => Report.Error($"to read its files:  ./aurora extract {Quote(disk)} / FOLDER --at {epoch}   (aurora history {Quote(disk)} lists the checkpoints)");

    // The command the user gave, with one option more and without those that lead elsewhere.
    private string WithOption(params string[] option)
    {
        var words = new List<string> { "./aurora", commandLine[0] };
        words.AddRange(option);
        int end = commandLine.Contains("--") ? commandLine.ToList().IndexOf("--") : commandLine.Count;
        for (int i = 1; i < commandLine.Count; i++)
        {
            if (i < end && commandLine[i] is "--hold" or "--fallback")
                continue;
            if (i < end && commandLine[i] == "--at")
                i++;
            else
                words.Add(Quote(commandLine[i]));
        }
        return string.Join(' ', words);
    }

    private static string Describe(ImageCheckpoint checkpoint)
    {
        string name = checkpoint.Name.Length == 0 ? "" : $" '{checkpoint.Name}'";
        string branch = checkpoint.IsLeft ? ", on a branch that was left" : "";
        return $"epoch {checkpoint.Epoch}{name} of {checkpoint.Time.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)}{branch}";
    }

    private static string Number(ulong value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Quote(string word)
        => word.Length > 0 && word.All(letter => char.IsAsciiLetterOrDigit(letter) || "-_./=:,+@%".Contains(letter, StringComparison.Ordinal))
            ? word
            : "'" + word.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
