// What nobody refers to any more and takes more to close than one step may change: open files with many locks of their own, and tables
// with many files that only they hold. Both can be left by a call that waited: its files were closed meanwhile, and it was the last to
// hold them. They go on lists that the main loop works off, some locks or files at a time. The locks exclude nobody any more. A restore
// finds such objects without references and puts them on the lists again. Protected by the kernel lock.
using Aurora.Base;
using Aurora.Posix.Processes;

namespace Aurora.Posix.Files;

public sealed unsafe partial class FileServices
{
    private OpenFile* _firstClosing;
    private DescriptorTable* _firstClosingTable;

    /// <summary>True while something is being closed: <see cref="CloseStep"/> has work.</summary>
    public bool IsClosing => _firstClosing != null || _firstClosingTable != null || _firstPutOff != null;

    /// <summary>Goes on with closing. The main loop calls it every turn.</summary>
    public void CloseStep()
    {
        if (_firstClosing != null)
        {
            OpenFile* file = _firstClosing;
            _firstClosing = file->NextClosing;
            file->IsClosing = false;
            int left = ProcessLife.UnitsPerStep;
            CloseOrPutOff(file, ref left);
        }
        else if (_firstClosingTable != null)
        {
            DescriptorTable* table = _firstClosingTable;
            _firstClosingTable = table->NextClosing;
            table->IsClosing = false;
            CloseOrPutOff(table);
        }
        else
        {
            EndSomeInodes();
        }
    }

    /// <summary>Closes an open file without references; later, if it has too many locks.</summary>
    internal void CloseOrPutOff(OpenFile* file, ref int left)
    {
        Leases.Remove(file);
        if (file->Inode->FirstLock == null || (left > 0 && Locks.ReleaseSome(file->Inode, file->Header.Id, ref left)))
            Close(file);
        else
            PutOff(file);
    }

    internal void PutOff(OpenFile* file)
    {
        file->IsClosing = true;
        file->NextClosing = _firstClosing;
        _firstClosing = file;
    }

    /// <summary>Closes the descriptors of a table without references and frees it; later, if there are too many.</summary>
    internal void CloseOrPutOff(DescriptorTable* table)
    {
        int left = ProcessLife.UnitsPerStep;
        if (CloseSome(table, ref left))
        {
            Free(table);
            return;
        }
        PutOff(table);
    }

    internal void PutOff(DescriptorTable* table)
    {
        table->IsClosing = true;
        table->NextClosing = _firstClosingTable;
        _firstClosingTable = table;
    }

    private void Close(OpenFile* file)
    {
        OperationsOf(file)?.Close(file);
        CountOpening(file, -1);
        if (file->Text != null)
            Pages.FreeFor(file, file->Text, file->TextPages);
        TrackerOf(&file->Header).Remove(&file->Header);
        Inode* inode = file->Inode;
        OpenFiles.Free(file);
        Release(inode);
    }

    private void Free(DescriptorTable* table)
    {
        for (int i = 0; i < DescriptorTable.MaxChunks; i++)
            if (table->ChunkAt(i) != null)
                FreeChunk(table, table->ChunkAt(i));
        TrackerOf(&table->Header).Remove(&table->Header);
        Tables.Free(table);
    }
}
