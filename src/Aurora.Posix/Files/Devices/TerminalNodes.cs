// The numbers of a group's pseudo-terminals, and their nodes in /dev/pts. A number is taken from when a terminal is made until nobody has
// it open; its node can be found as long as its master is open. The lowest free number is given, as by Linux. The table takes a page when a
// group makes its first one, one more for each 512 numbers, and goes with the last:
//
//   Taken   a bit for each number      Nodes   for 512 numbers each, a page with an Inode* for each (null: not to be found), or null
//
// Nothing of it is saved: terminals say their numbers themselves. Protected by the kernel lock.
using System.Numerics;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>Which numbers a group has given, and the nodes. One page.</summary>
internal unsafe struct TerminalNodeTable
{
    public const int NodesPerPage = PageSize.Bytes / 8;

    public fixed ulong Taken[TerminalNodes.Most / 64];

    // Inode**.
    public fixed ulong Nodes[TerminalNodes.Most / NodesPerPage];
    public int Count;
}

/// <summary>Gives numbers to pseudo-terminals, and finds their nodes.</summary>
public sealed unsafe class TerminalNodes(FileState state)
{
    /// <summary>The most pseudo-terminals of a group, and of the machine: /proc/sys/kernel/pty/max.</summary>
    public const int Most = 4096;

    /// <summary>The mode of a new node, and its group: tty.</summary>
    public const uint Permissions = 0x190;
    public const uint Group = 5;

    // As Linux's devpts numbers them: 1 is the directory itself, 2 its ptmx.
    private const uint FirstNumber = 3;

    /// <summary>st_ino of the node with a number.</summary>
    public static ulong NumberOf(uint number) => FirstNumber + number;

    /// <summary>st_ino of what is in /dev/pts, and of the directory.</summary>
    internal static ulong NumberOf(ProcKey key)
        => key.Node switch { ProcNode.Terminals => 1, ProcNode.Multiplexer => FirstNumber - 1, _ => NumberOf((uint)key.Item) };

    /// <summary>How many numbers a group has given.</summary>
    public int CountOf(ushort group) => TableOf(group) == null ? 0 : TableOf(group)->Count;

    /// <summary>Takes the lowest number that is free; -1 when there is none (ENOSPC) or no memory.</summary>
    public int Take(ushort group)
    {
        TerminalNodeTable* table = Prepare(group);
        if (table == null)
            return -1;
        for (int word = 0; word < Most / 64; word++)
        {
            if (table->Taken[word] != ulong.MaxValue)
                return TakeFrom(group, table, (word * 64) + BitOperations.TrailingZeroCount(~table->Taken[word]));
        }
        return -1;
    }

    /// <summary>True while a terminal has this number.</summary>
    public bool IsTaken(ushort group, int number)
    {
        TerminalNodeTable* table = TableOf(group);
        return table != null && (table->Taken[number / 64] & (1UL << (number % 64))) != 0;
    }

    /// <summary>Takes this one, for a terminal that is restored; false when it is taken, or there is no memory.</summary>
    public bool Take(ushort group, int number)
    {
        TerminalNodeTable* table = Prepare(group);
        bool isFree = table != null && (table->Taken[number / 64] & (1UL << (number % 64))) == 0;
        return isFree && TakeFrom(group, table, number) >= 0;
    }

    /// <summary>Lets a number's node be found, or no more, with null.</summary>
    public void Show(ushort group, int number, Inode* node)
        => ((Inode**)TableOf(group)->Nodes[number / TerminalNodeTable.NodesPerPage])[number % TerminalNodeTable.NodesPerPage] = node;

    /// <summary>The number can be given again.</summary>
    public void Free(ushort group, int number)
    {
        TerminalNodeTable* table = TableOf(group);
        Panic.Unless((table->Taken[number / 64] & (1UL << (number % 64))) != 0, "terminals: gave a number back that was not taken"u8);
        Show(group, number, null);
        table->Taken[number / 64] &= ~(1UL << (number % 64));
        table->Count--;
        End(group, table);
    }

    /// <summary>The node with a number, not held; null when there is none.</summary>
    public Inode* Find(ushort group, int number)
    {
        TerminalNodeTable* table = TableOf(group);
        if (table == null || (uint)number >= Most)
            return null;
        var nodes = (Inode**)table->Nodes[number / TerminalNodeTable.NodesPerPage];
        return nodes == null ? null : nodes[number % TerminalNodeTable.NodesPerPage];
    }

    /// <summary>The lowest number of at least this whose node can be found; -1 when there is none.</summary>
    public int Next(ushort group, int number)
    {
        TerminalNodeTable* table = TableOf(group);
        while (table != null && number < Most)
        {
            ulong rest = table->Taken[number / 64] >> (number % 64);
            if (rest == 0)
            {
                number = ((number / 64) + 1) * 64;
                continue;
            }
            number += BitOperations.TrailingZeroCount(rest);
            if (Find(group, number) != null)
                return number;
            number++;
        }
        return -1;
    }

    private TerminalNodeTable* TableOf(ushort group) => state.NamespaceOf(group)->Terminals;

    private TerminalNodeTable* Prepare(ushort group)
    {
        Namespace* tree = state.NamespaceOf(group);
        if (tree->Terminals == null)
            tree->Terminals = (TerminalNodeTable*)state.Pages.Allocate(1);
        return tree->Terminals;
    }

    private int TakeFrom(ushort group, TerminalNodeTable* table, int number)
    {
        ref ulong nodes = ref table->Nodes[number / TerminalNodeTable.NodesPerPage];
        if (nodes == 0)
            nodes = (ulong)state.Pages.Allocate(1);
        if (nodes == 0)
        {
            End(group, table);
            return -1;
        }
        table->Taken[number / 64] |= 1UL << (number % 64);
        table->Count++;
        return number;
    }

    private void End(ushort group, TerminalNodeTable* table)
    {
        if (table->Count != 0)
            return;
        for (int i = 0; i < Most / TerminalNodeTable.NodesPerPage; i++)
        {
            if (table->Nodes[i] != 0)
                state.Pages.Free((void*)table->Nodes[i], 1);
        }
        state.Pages.Free(table, 1);
        state.NamespaceOf(group)->Terminals = null;
    }
}
