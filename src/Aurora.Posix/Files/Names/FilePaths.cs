using System;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>Which paths lead to files.</summary>
public sealed unsafe class FilePaths(FileState state, ShownNames shown)
{
    private const int MaxServedPath = 32 + DirectoryEntry.MaxNameBytes;

    /// <summary>
    /// Writes the path of a file as seen from <paramref name="root"/>, or the one it had last, to the end of <paramref name="buffer"/> and
    /// returns where it starts, or -1 when it does not fit. <paramref name="isReachable"/> is false when the file never had a name or lies
    /// outside the root.
    /// </summary>
    public int PathOf(Inode* inode, Inode* root, Span<byte> buffer, out bool isReachable)
    {
        int start = buffer.Length;
        isReachable = true;
        if (inode->IsOfTerminals || inode->IsOfQueues)
            return PathOfServed(inode, root, buffer, out isReachable);
        if (inode->IsProc && inode->Parent == null)
            return PathOfNode(inode, root, buffer, out isReachable);
        while (inode != root)
        {
            DirectoryEntry* entry = shown.Of(inode);
            if (inode->IsRoot || entry == null)
            {
                isReachable = false;
                break;
            }
            ReadOnlySpan<byte> name = DirectoryEntry.NameOf(entry);
            if (name.Length + 1 > start)
                return -1;
            start -= name.Length;
            name.CopyTo(buffer[start..]);
            buffer[--start] = (byte)'/';
            inode = entry->Directory;
        }
        if (start == buffer.Length)
        {
            if (start == 0)
                return -1;
            buffer[--start] = (byte)'/';
        }
        return start;
    }

    // What is in /dev/pts and /dev/mqueue is of the group, whoever looks: it is out of reach of who has another root.
    private int PathOfServed(Inode* inode, Inode* root, Span<byte> buffer, out bool isReachable)
    {
        isReachable = root == state.NamespaceOf(&inode->Header)->Root;
        Span<byte> text = stackalloc byte[MaxServedPath];
        var writer = new Utf8Writer(text);
        writer.Append(inode->IsOfQueues ? ServedPlaces.QueuePath : ServedPlaces.TerminalPath);
        if (inode->IsQueue)
        {
            writer.Append((byte)'/');
            writer.Append(inode->Queue == null ? default : inode->Queue->Name);
        }
        else if (inode->IsTerminal)
        {
            writer.Append((byte)'/');
            writer.AppendDecimal(DeviceNumber.Minor(inode->Device));
        }
        else if (!ServedPlaces.IsTop(inode->ProcKey.Node))
        {
            writer.Append((byte)'/');
            writer.Append(ProcNames.NameOf(inode->ProcKey.Node));
        }
        int start = buffer.Length - writer.Length;
        if (start < 0)
            return -1;
        writer.Written.CopyTo(buffer[start..]);
        return start;
    }

    private int PathOfNode(Inode* inode, Inode* root, Span<byte> buffer, out bool isReachable)
    {
        Span<byte> tail = stackalloc byte[64];
        var writer = new Utf8Writer(tail);
        Inode* top = state.NamespaceOf(&inode->Header)->ProcRoot;
        WriteRelative(inode->ProcKey, ref writer);
        int start = buffer.Length - writer.Length;
        isReachable = false;
        if (start < 0 || top == null)
            return -1;
        writer.Written.CopyTo(buffer[start..]);
        return PathOf(top, root, buffer[..start], out isReachable);
    }

    private static void WriteRelative(ProcKey key, ref Utf8Writer writer)
    {
        ProcNode directory = ProcNames.DirectoryOf(key.Node);
        int thread = ProcFileSystem.ThreadIn(key);
        if (directory == ProcNode.Process && thread != 0)
            WriteRelative(new ProcKey(ProcNode.Task, key.Process, thread), ref writer);
        else if (directory != ProcNode.Root)
            WriteRelative(new ProcKey(directory, key.Process), ref writer);
        writer.Append((byte)'/');
        if (key.Node == ProcNode.Process)
            writer.AppendDecimal(key.Process);
        else if (key.Node is ProcNode.Descriptor or ProcNode.DescriptorInformation or ProcNode.Task)
            writer.AppendDecimal(key.Item);
        else if (key.Node is ProcNode.Namespace or ProcNode.NamespaceFile)
            writer.Append(ProcNamespaces.NameOf(key.Item));
        else
            writer.Append(ProcNames.NameOf(key.Node));
    }
}
