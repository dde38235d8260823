using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>Descriptor tables: which open file a number is.</summary>
public sealed unsafe partial class Descriptors(FileState state, OpenFiles openFiles, FileLocks locks)
{
    /// <summary>An empty table with one reference; null when memory is exhausted.</summary>
    public DescriptorTable* CreateTable(ObjectTracker tracker)
    {
        DescriptorTable* table = state.Tables.Allocate();
        if (table == null)
            return null;
        table->Header.References = 1;
        tracker.Register(&table->Header, ObjectKind.DescriptorTable);
        return table;
    }

    /// <summary>A copy with one reference that shares the open files (fork); null when memory is exhausted.</summary>
    public DescriptorTable* CopyTable(DescriptorTable* source)
    {
        DescriptorTable* table = CreateTable(state.TrackerOf(&source->Header));
        if (table == null)
            return null;
        for (int i = 0; i < DescriptorTable.MaxChunks; i++)
        {
            if (source->ChunkAt(i) == null)
                continue;
            DescriptorChunk* chunk = AddChunk(table, i);
            if (chunk == null)
            {
                Release(table);
                return null;
            }
            DescriptorChunk* from = source->ChunkAt(i);
            chunk->CloseOnExec = from->CloseOnExec;
            for (int slot = 0; slot < DescriptorChunk.Capacity; slot++)
            {
                OpenFile* file = from->FileAt(slot);
                if (file == null)
                    continue;
                file->Header.References++;
                chunk->SetFile(slot, file);
            }
            chunk->OpenCount = from->OpenCount;
        }
        table->OpenCount = source->OpenCount;
        table->LowestFree = source->LowestFree;
        return table;
    }

    public void Hold(DescriptorTable* table) => table->Header.References++;

    /// <summary>Drops a reference; the last one closes everything.</summary>
    public void Release(DescriptorTable* table)
    {
        if (--table->Header.References == 0)
            CloseOrPutOff(table);
    }

    /// <summary>Closes descriptors, each one of <paramref name="left"/>, and so is each lock that goes with them. False when there are more.</summary>
    public bool CloseSome(DescriptorTable* table, ref int left)
        => CloseRange(table, 0, uint.MaxValue, ref left);

    /// <summary>
    /// Releases the locks that closing a descriptor would release, as many as <paramref name="left"/> allows: its owner's, and with the last
    /// descriptor the open file's own. False when there are more: whoever closes calls this first, in as many steps as it takes.
    /// </summary>
    public bool ReleaseLocks(DescriptorTable* table, int descriptor, ref int left)
    {
        OpenFile* file = Find(table, descriptor);
        if (file == null || file->Inode->FirstLock == null)
            return true;
        bool isLast = file->Header.References == 1;
        return locks.ReleaseSome(file->Inode, table->Header.Id, ref left)
            && (!isLast || locks.ReleaseSome(file->Inode, file->Header.Id, ref left));
    }

    /// <summary>
    /// The same for all descriptors from <paramref name="position"/> up that execve would close; false, with the position moved on, when
    /// there are more. Only the caller uses the table, so that none behind the position gets locks of the table's again.
    /// </summary>
    public bool ReleaseLocksForExec(DescriptorTable* table, ref ulong position, ref int left)
    {
        int next = First(table, (uint)Math.Min(position, DescriptorTable.MaxDescriptors));
        for (; next >= 0; next = NextOpen(table, next + 1))
        {
            position = (ulong)next;
            if (IsCloseOnExec(table, next) && (left <= 0 || !ReleaseLocks(table, next, ref left)))
                return false;
        }
        position = DescriptorTable.MaxDescriptors;
        return true;
    }

    /// <summary>The open file of a descriptor, or null (EBADF).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static OpenFile* Find(DescriptorTable* table, int descriptor)
    {
        if ((uint)descriptor >= DescriptorTable.MaxDescriptors)
            return null;
        DescriptorChunk* chunk = table->ChunkAt((int)((uint)descriptor / DescriptorChunk.Capacity));
        return chunk == null ? null : chunk->FileAt((int)((uint)descriptor % DescriptorChunk.Capacity));
    }

    /// <summary>
    /// Gives a file the lowest free descriptor from <paramref name="minimum"/> up and below the limit. The table takes over the caller's
    /// reference if it succeeds. EMFILE, or ENOMEM.
    /// </summary>
    public Errno Install(DescriptorTable* table, OpenFile* file, int minimum, ulong limit, bool closeOnExec, out int descriptor)
    {
        if (!FindFree(table, minimum, limit, out descriptor))
            return Errno.EMFILE;
        if (!Set(table, descriptor, file, closeOnExec))
            return Errno.ENOMEM;
        if (minimum <= table->LowestFree)
            table->LowestFree = descriptor + 1;
        return Errno.Ok;
    }

    /// <summary>The lowest free descriptor from <paramref name="minimum"/> up and below the limit; false when there is none.</summary>
    public static bool FindFree(DescriptorTable* table, int minimum, ulong limit, out int descriptor)
    {
        int bound = (int)(limit < DescriptorTable.MaxDescriptors ? limit : DescriptorTable.MaxDescriptors);
        descriptor = minimum > table->LowestFree ? minimum : table->LowestFree;
        while (descriptor < bound && Find(table, descriptor) != null)
            descriptor++;
        return descriptor < bound;
    }

    /// <summary>Puts a file at exactly this descriptor, closing what was there. Takes over the caller's reference if it succeeds.</summary>
    public Errno InstallAt(DescriptorTable* table, OpenFile* file, int descriptor, bool closeOnExec)
    {
        OpenFile* previous = Find(table, descriptor);
        if (!Set(table, descriptor, file, closeOnExec))
            return Errno.ENOMEM;
        int left = ProcessLife.UnitsPerStep;
        if (previous != null)
            Closed(table, previous, ref left);
        return Errno.Ok;
    }

    /// <summary>close: EBADF when the descriptor is not open.</summary>
    public Errno Close(DescriptorTable* table, int descriptor)
    {
        OpenFile* file = Find(table, descriptor);
        if (file == null)
            return Errno.EBADF;
        int left = ProcessLife.UnitsPerStep;
        CloseSlot(table, table->ChunkAt(descriptor / DescriptorChunk.Capacity), descriptor % DescriptorChunk.Capacity, ref left);
        return Errno.Ok;
    }

    /// <summary>
    /// Closes a range of descriptors (close_range). Each that ends its file is one of <paramref name="left"/>, and so is each lock. False
    /// when there are more.
    /// </summary>
    public bool CloseRange(DescriptorTable* table, uint first, uint last, ref int left)
    {
        for (int i = First(table, first); i >= 0 && (uint)i <= last; i = NextOpen(table, i))
        {
            if (left <= 0 || !ReleaseLocks(table, i, ref left))
                return false;
            if (Find(table, i)->Header.References == 1)
                left--;
            CloseSlot(table, table->ChunkAt(i / DescriptorChunk.Capacity), i % DescriptorChunk.Capacity, ref left);
        }
        return true;
    }

    private static int First(DescriptorTable* table, uint first) => first < DescriptorTable.MaxDescriptors ? NextOpen(table, (int)first) : -1;

    /// <summary>
    /// What execve does with a table after <see cref="ReleaseLocksForExec"/>: closes the descriptors marked so, each one of
    /// <paramref name="left"/>. False when there are more.
    /// </summary>
    public bool CloseOnExec(DescriptorTable* table, ref int left)
    {
        for (int i = 0; i < DescriptorTable.MaxChunks; i++)
        {
            for (; table->ChunkAt(i) != null && table->ChunkAt(i)->CloseOnExec != 0; left--)
            {
                if (left <= 0)
                    return false;
                DescriptorChunk* chunk = table->ChunkAt(i);
                OpenFile* file = Empty(table, chunk, BitOperations.TrailingZeroCount(chunk->CloseOnExec));
                TellQueue(table, file);
                openFiles.Release(file, ref left);
            }
        }
        return true;
    }

    public static bool IsCloseOnExec(DescriptorTable* table, int descriptor)
    {
        DescriptorChunk* chunk = table->ChunkAt(descriptor / DescriptorChunk.Capacity);
        return (chunk->CloseOnExec >> (descriptor % DescriptorChunk.Capacity) & 1) != 0;
    }

    /// <summary>Sets or clears the mark of an open descriptor.</summary>
    public void SetCloseOnExec(DescriptorTable* table, int descriptor, bool value)
    {
        DescriptorChunk* chunk = table->ChunkAt(descriptor / DescriptorChunk.Capacity);
        ulong bit = 1UL << (descriptor % DescriptorChunk.Capacity);
        chunk->CloseOnExec = value ? chunk->CloseOnExec | bit : chunk->CloseOnExec & ~bit;
        state.MarkChanged(&chunk->Header);
    }

    /// <summary>The lowest open descriptor from <paramref name="minimum"/> up, or -1.</summary>
    public static int NextOpen(DescriptorTable* table, int minimum)
    {
        for (int i = minimum; i < DescriptorTable.MaxDescriptors; i++)
        {
            if (table->ChunkAt(i / DescriptorChunk.Capacity) == null)
                i |= DescriptorChunk.Capacity - 1;
            else if (Find(table, i) != null)
                return i;
        }
        return -1;
    }

    internal DescriptorChunk* AddChunk(DescriptorTable* table, int index)
    {
        DescriptorChunk* chunk = state.Chunks.Allocate();
        if (chunk == null)
            return null;
        chunk->Table = table;
        chunk->Index = index;
        state.TrackerOf(&table->Header).Register(&chunk->Header, ObjectKind.DescriptorChunk);
        table->SetChunk(index, chunk);
        return chunk;
    }

    // Replaces what is in the slot without closing it.
    internal bool Set(DescriptorTable* table, int descriptor, OpenFile* file, bool closeOnExec)
    {
        int index = descriptor / DescriptorChunk.Capacity;
        int slot = descriptor % DescriptorChunk.Capacity;
        DescriptorChunk* chunk = table->ChunkAt(index);
        if (chunk == null)
            chunk = AddChunk(table, index);
        if (chunk == null)
            return false;
        if (chunk->FileAt(slot) == null)
        {
            chunk->OpenCount++;
            table->OpenCount++;
        }
        chunk->SetFile(slot, file);
        ulong bit = 1UL << slot;
        chunk->CloseOnExec = closeOnExec ? chunk->CloseOnExec | bit : chunk->CloseOnExec & ~bit;
        state.MarkChanged(&chunk->Header);
        return true;
    }

    // POSIX: closing any descriptor of a file ends the record locks its owner has on it.
    private void CloseSlot(DescriptorTable* table, DescriptorChunk* chunk, int slot, ref int left)
        => Closed(table, Empty(table, chunk, slot), ref left);

    // An empty chunk other than the first goes away, so that a table's records are bounded by what is open.
    private OpenFile* Empty(DescriptorTable* table, DescriptorChunk* chunk, int slot)
    {
        OpenFile* file = chunk->FileAt(slot);
        int descriptor = (chunk->Index * DescriptorChunk.Capacity) + slot;
        chunk->SetFile(slot, null);
        chunk->CloseOnExec &= ~(1UL << slot);
        chunk->OpenCount--;
        table->OpenCount--;
        if (descriptor < table->LowestFree)
            table->LowestFree = descriptor;
        state.MarkChanged(&chunk->Header);
        if (chunk->OpenCount == 0 && chunk->Index != 0)
            FreeChunk(table, chunk);
        return file;
    }

    private void FreeChunk(DescriptorTable* table, DescriptorChunk* chunk)
    {
        table->SetChunk(chunk->Index, null);
        state.TrackerOf(&chunk->Header).Remove(&chunk->Header);
        state.Chunks.Free(chunk);
    }

    private void Closed(DescriptorTable* table, OpenFile* file, ref int left)
    {
        if (file->Inode->FirstLock != null)
            locks.ReleaseOwner(file->Inode, table->Header.Id);
        TellQueue(table, file);
        openFiles.Release(file, ref left);
    }

    // POSIX: closing any descriptor of a message queue ends what mq_notify has asked for.
    private void TellQueue(DescriptorTable* table, OpenFile* file)
    {
        if (file->Kind == FileKind.NamedQueue)
            state.Queues!.Closed(file->Inode, table->Header.Id);
    }
}
