using System;
using Aurora.Base;

namespace Aurora.Posix.Files;

public sealed unsafe partial class Namespace
{
    /// <summary>
    /// Writes the path of a file as seen from <paramref name="root"/>, or the one it had last, to the end of <paramref name="buffer"/> and
    /// returns where it starts, or -1 when it does not fit. <paramref name="isReachable"/> is false when the file never had a name or lies
    /// outside the root.
    /// </summary>
    public int PathOf(Inode* inode, Inode* root, Span<byte> buffer, out bool isReachable)
    {
        int start = buffer.Length;
        isReachable = true;
        if (inode->IsProc && inode->Parent == null)
            return _files.Proc.PathOf(inode, this, root, buffer, out isReachable);
        while (inode != root)
        {
            DirectoryEntry* entry = inode->FirstName != null ? inode->FirstName : inode->FormerName;
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
}
