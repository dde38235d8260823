using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Aurora.Base;
using Aurora.Images.Session;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.Threads;

namespace Aurora.Images.Dump;

/// <summary>Describes the processes of a group, and finds one of them.</summary>
internal static unsafe class GroupProcessList
{
    private const int MostNamed = 20;
    private const int NameBytes = 16;

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
        return new ImageProcess(process->Id, parent, StateOf(process, LeaderOf(process)), process->ThreadCount, bytes, NameOf(process));
    }

    /// <summary>The thread with the process's number; if that has ended, the one made next. Null for a process that has ended.</summary>
    public static Thread* LeaderOf(Process* process)
    {
        for (Thread* thread = process->FirstThread; thread != null; thread = thread->NextOfProcess)
        {
            if (thread->Id == process->Id)
                return thread;
        }
        return process->FirstThread;
    }

    /// <summary>The letter for what a thread of a process does. One that waits is in a call; queues are not saved.</summary>
    public static char StateOf(Process* process, Thread* thread)
        => process->State == ProcessState.Zombie || thread == null ? 'Z' : process->IsStopped ? 'T' : thread->Call.Active ? 'S' : 'R';

    public static string NameOf(Process* process)
    {
        var name = new ReadOnlySpan<byte>(process->Name, NameBytes);
        int end = name.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? name : name[..end]);
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
