using System;
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Files;

/// <summary>Listing /proc's directories, and their entries that are numbers: processes, descriptors, threads.</summary>
public sealed unsafe partial class ProcFileSystem
{
    /// <summary>
    /// The entry of a directory at or after a position: its key, and its name's bytes in <paramref name="name"/>. False at the end.
    /// Positions from <see cref="DirectoryEntry.FirstPosition"/>: first the nodes with fixed names, then numbers.
    /// </summary>
    public bool NextEntry(Inode* directory, ref ulong position, out ProcKey key, Span<byte> name, out int nameLength)
    {
        ProcKey place = directory->ProcKey;
        ProcNode holder = place.Node == ProcNode.Task ? ProcNode.Process : place.Node;
        key = default;
        nameLength = 0;
        if (place.Process != 0 && ProcessOf(directory) == null)
            return false;
        ulong index = position - DirectoryEntry.FirstPosition;
        if (index < (ulong)ProcNode.End)
        {
            ProcNode node = ProcNames.NextIn(holder, (ProcNode)index);
            if (place.Node == ProcNode.Task && node == ProcNode.ProcessTasks)
                node = ProcNames.NextIn(holder, node + 1);
            if (node != ProcNode.End)
            {
                position = DirectoryEntry.FirstPosition + (ulong)node;
                key = new ProcKey(node, place.Process, place.Node == ProcNode.Task ? place.Item : ThreadIn(place));
                ProcNames.NameOf(node).CopyTo(name);
                nameLength = ProcNames.NameOf(node).Length;
                return true;
            }
            index = (ulong)ProcNode.End;
        }
        if (place.Node == ProcNode.Queues)
            return NextQueue(directory, index, ref position, out key, name, out nameLength);
        if (place.Node == ProcNode.ProcessNamespaces)
            return NextNamespace(place, index, ref position, out key, name, out nameLength);
        int number = NextNumber(directory, (int)Math.Min(index - (ulong)ProcNode.End, int.MaxValue), out key);
        if (number < 0)
            return false;
        position = DirectoryEntry.FirstPosition + (ulong)ProcNode.End + (ulong)number;
        var writer = new Utf8Writer(name);
        writer.AppendDecimal(number);
        nameLength = writer.Length;
        return true;
    }

    /// <summary>st_ino of an entry that a listing has found.</summary>
    public ulong NumberOf(Inode* directory, ProcKey key)
        => key.Node == ProcNode.QueueEntry ? state.Queues!.NumberAt(directory->Header.Group, key.Item) : key.InodeNumber;

    private bool NextQueue(
        Inode* directory, ulong index, ref ulong position, out ProcKey key, Span<byte> name, out int nameLength)
    {
        int from = (int)Math.Min(index - (ulong)ProcNode.End, int.MaxValue);
        int found = state.Queues!.Next(directory->Header.Group, from, name, out nameLength);
        key = new ProcKey(ProcNode.QueueEntry, 0, found);
        position = DirectoryEntry.FirstPosition + (ulong)ProcNode.End + (ulong)Math.Max(found, 0);
        return found >= 0;
    }

    private Inode* LookupQueue(Inode* directory, ReadOnlySpan<byte> name)
    {
        Inode* found = state.Queues!.Find(directory->Header.Group, name);
        if (found != null)
            inodes.Hold(found);
        return found;
    }

    // As Linux reckons: so many bytes for the directory, and for each queue.
    private void DescribeQueues(Inode* directory)
    {
        const int bytesOfEntry = 20;
        int count = state.Queues!.CountOf(directory->Header.Group, out long changeTime);
        directory->Size = (ulong)((count + 2) * bytesOfEntry);
        if (changeTime != 0)
            directory->AccessTime = directory->ModifyTime = directory->ChangeTime = changeTime;
    }

    private static bool NextNamespace(
        ProcKey place, ulong index, ref ulong position, out ProcKey key, Span<byte> name, out int nameLength)
    {
        key = default;
        nameLength = 0;
        ulong number = index - (ulong)ProcNode.End;
        if (number >= ProcNamespaces.Count)
            return false;
        position = DirectoryEntry.FirstPosition + index;
        key = new ProcKey(ProcNode.Namespace, place.Process, (int)number);
        ReadOnlySpan<byte> text = ProcNamespaces.NameOf((int)number);
        text.CopyTo(name);
        nameLength = text.Length;
        return true;
    }

    private Inode* LookupNumber(Inode* directory, int number)
    {
        ProcKey place = directory->ProcKey;
        if (place.Node == ProcNode.Terminals)
            return LookupTerminal(directory, number);
        if (place.Node == ProcNode.Root)
            return Information.Find(directory->Header.Group, number) == null
                ? null : Make(directory, new ProcKey(ProcNode.Process, number));
        Process* process = ProcessOf(directory);
        if (process == null)
            return null;
        if (place.Node == ProcNode.ProcessDescriptors)
            return DescriptorTarget(process, number) == null ? null : Make(directory, new ProcKey(ProcNode.Descriptor, place.Process, number));
        if (place.Node == ProcNode.ProcessDescriptorInformation)
            return DescriptorTarget(process, number) == null
                ? null : Make(directory, new ProcKey(ProcNode.DescriptorInformation, place.Process, number));
        if (place.Node == ProcNode.ProcessTasks)
            for (Thread* thread = process->FirstThread; thread != null; thread = thread->NextOfProcess)
                if (thread->Id == number)
                    return Make(directory, new ProcKey(ProcNode.Task, place.Process, number));
        return null;
    }

    private Inode* LookupTerminal(Inode* directory, int number)
    {
        Inode* node = state.Terminals.Find(directory->Header.Group, number);
        if (node != null)
            inodes.Hold(node);
        return node;
    }

    private Inode* LookupInTask(Inode* directory, ReadOnlySpan<byte> name)
    {
        if (ProcessOf(directory) == null)
            return null;
        for (ProcNode node = ProcNames.NextIn(ProcNode.Process, ProcNode.Process); node != ProcNode.End;
            node = ProcNames.NextIn(ProcNode.Process, node + 1))
        {
            if (node != ProcNode.ProcessTasks && ProcNames.NameOf(node).SequenceEqual(name))
                return Make(directory, new ProcKey(node, directory->ProcKey.Process, directory->ProcKey.Item));
        }
        return null;
    }

    // The lowest number of at least this that names an entry: a process, a descriptor or a thread. -1: none.
    private int NextNumber(Inode* directory, int number, out ProcKey key)
    {
        ProcKey place = directory->ProcKey;
        key = default;
        int found = -1;
        Process* process = ProcessOf(directory);
        if (place.Node == ProcNode.Terminals)
        {
            found = state.Terminals.Next(directory->Header.Group, number);
            key = new ProcKey(ProcNode.PseudoTerminal, 0, found);
        }
        else if (place.Node == ProcNode.Root)
        {
            Process* next = Information.Next(directory->Header.Group, number);
            if (next != null)
                key = new ProcKey(ProcNode.Process, found = next->Id);
        }
        else if (process != null && place.Node is ProcNode.ProcessDescriptors or ProcNode.ProcessDescriptorInformation
            && process->Descriptors != null)
        {
            found = Descriptors.NextOpen((DescriptorTable*)process->Descriptors, number);
            bool isLink = place.Node == ProcNode.ProcessDescriptors;
            key = new ProcKey(isLink ? ProcNode.Descriptor : ProcNode.DescriptorInformation, place.Process, found);
        }
        else if (process != null && place.Node == ProcNode.ProcessTasks)
        {
            for (Thread* thread = process->FirstThread; thread != null; thread = thread->NextOfProcess)
                if (thread->Id >= number && (found < 0 || thread->Id < found))
                    found = thread->Id;
            key = new ProcKey(ProcNode.Task, place.Process, found);
        }
        return found;
    }

    private static bool ParseNumber(ReadOnlySpan<byte> text, out int number)
    {
        number = 0;
        if (text.Length is 0 or > 9 || (text[0] == '0' && text.Length > 1))
            return false;
        foreach (byte digit in text)
        {
            if (digit is < (byte)'0' or > (byte)'9')
                return false;
            number = (number * 10) + digit - '0';
        }
        return true;
    }
}
