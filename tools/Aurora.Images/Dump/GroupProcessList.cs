using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Images.Session;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.Threads;

namespace Aurora.Images.Dump;

/// <summary>Describes the processes of a group, and finds one of them.</summary>
internal static unsafe class GroupProcessList
{
    private const int MostNamed = 20;

    /// <summary>All of them, in the order of their numbers.</summary>
    public static IReadOnlyList<ImageProcess> Read(StoredGroup group)
    {
        var processes = new List<ImageProcess>();
        PidNamespace space = group.Processes;
        for (Process* process = space.NextProcess(1); process != null; process = space.NextProcess(process->Id + 1))
            processes.Add(Describe(process));
        return processes;
    }

    /// <summary>A process that has memory and threads. Throws with the processes there are, or why this one has none.</summary>
    public static Process* Find(StoredGroup group, int id)
    {
        Process* process = group.Processes.FindProcess(id);
        if (process == null)
            throw new ImageException($"{group.Description} has no process {id}{ThreadOf(group, id)}; {Others(group)}");
        if (process->State == ProcessState.Zombie)
            throw new ImageException($"process {id} of {group.Description} has ended: it has no memory; {Others(group)}");
        if (process->AddressSpace == null || process->FirstThread == null)
            throw new ImageException($"process {id} of {group.Description} has not begun its program: it has no memory; {Others(group)}");
        return process;
    }

    public static ImageProcess Describe(Process* process)
    {
        AddressSpace* space = (AddressSpace*)process->AddressSpace;
        ulong bytes = space == null ? 0 : space->MappedPages << PageSize.Shift;
        int parent = process->Parent == null ? 0 : process->Parent->Id;
        char state = CoreProcess.StateOf(process, CoreProcess.LeaderOf(process));
        string name = Encoding.UTF8.GetString(CoreProcess.NameOf(process));
        return new ImageProcess(process->Id, parent, state, process->ThreadCount, bytes, name, process->IsDetached);
    }

    private static string ThreadOf(StoredGroup group, int id)
    {
        Thread* thread = group.Processes.FindThread(id);
        return thread == null ? "" : $" ({id} is a thread of process {thread->Process->Id})";
    }

    private static string Others(StoredGroup group)
    {
        IReadOnlyList<ImageProcess> all = Read(group);
        if (all.Count == 0)
            return "it has none";
        string more = all.Count > MostNamed ? ", …" : "";
        IEnumerable<string> named = all.Take(MostNamed).Select(process => $"{process.Id} ({process.Name})");
        return $"there are {string.Join(", ", named)}{more} (see aurora ps)";
    }
}
