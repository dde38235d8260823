// One group of one machine as it is looked at when it is compared: with the same group in another machine, or with a picture.
using System;
using System.Collections.Generic;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Xunit;

namespace Aurora.States.Tests;

/// <summary>A group, and the services of its machine by which its objects and memory are reached.</summary>
internal sealed unsafe class GroupView(
    ObjectTracker tracker, Namespace* names, FileServices files, PidNamespace processes, MemoryManager memory, UserMemory user,
    Action servePager)
{
    public ObjectTracker Tracker => tracker;

    public PidNamespace Processes => processes;

    /// <summary>All its persistent objects that are in memory, as addresses: what restores read, files, names.</summary>
    public List<nint> Objects()
    {
        var found = new List<nint>();
        for (ulong id = 1; id < tracker.NextId.Value; id++)
            Add(found, new ObjectId(id));
        for (ulong number = 1; names->Tree != null && number < names->Tree->NextDirectory; number++)
            AddFile(found, number);
        for (ulong number = FileIds.FirstFileNumber; number < FileIds.FirstFileNumber + tracker.NextId.Value; number++)
            AddFile(found, number);
        return found;
    }

    /// <summary>Has all names and files in memory that are stored.</summary>
    public void LoadTree()
    {
        if (names->Root != null)
            LoadTree(new TreeBuilder(files, names), names->Root);
    }

    /// <summary>Reads memory of a program, waiting for the store where it must.</summary>
    public MemoryStatus Read(AddressSpace* space, ulong address, Span<byte> bytes)
    {
        AccessResult access;
        while ((access = user.Read(space, new VirtualAddress(address), bytes)).Status == MemoryStatus.WouldBlock)
            servePager();
        return access.Status;
    }

    /// <summary>A page of an object, to read.</summary>
    public ReadOnlySpan<byte> Page(VmObject* target, ulong page)
    {
        PageAccess access;
        while ((access = memory.Pages.GetForRead(target, page)).Status == MemoryStatus.WouldBlock)
            servePager();
        return access.IsOk ? new ReadOnlySpan<byte>(access.Address, PageSize.Bytes) : [];
    }

    private static void LoadTree(TreeBuilder tree, Inode* directory)
    {
        for (ulong position = 0; !directory->IsProc; )
        {
            Assert.Equal(Errno.Ok, tree.Next(directory, position, out DirectoryEntry* entry));
            if (entry == null)
                return;
            position = entry->Position;
            Assert.Equal(Errno.Ok, tree.Follow(entry));
            if (entry->Target->IsDirectory)
                LoadTree(tree, entry->Target);
        }
    }

    private void AddFile(List<nint> found, ulong number)
    {
        for (FilePart part = FilePart.Inode; part <= FilePart.TargetTail; part++)
            Add(found, FileIds.OfFile(number, part));
        var directory = (Inode*)tracker.Find(FileIds.OfFile(number, FilePart.Inode));
        if (directory == null || !directory->IsDirectory)
            return;
        var tree = new TreeBuilder(files, names);
        for (ulong position = 0; tree.Next(directory, position, out DirectoryEntry* entry) == Errno.Ok && entry != null;
            position = entry->Position)
            Add(found, entry->Header.Id);
    }

    private void Add(List<nint> found, ObjectId id)
    {
        ObjectHeader* header = tracker.Find(id);
        if (header != null)
            found.Add((nint)header);
    }
}
