using Aurora.Posix.Processes;

namespace Aurora.Posix.Files;

/// <summary>The end of tables.</summary>
public sealed unsafe partial class Descriptors
{
    /// <summary>True while tables wait to be closed.</summary>
    internal bool HasPutOff => state.FirstClosingTable != null;

    /// <summary>Goes on with one of them.</summary>
    internal void CloseNext()
    {
        DescriptorTable* table = state.FirstClosingTable;
        state.FirstClosingTable = table->NextClosing;
        table->IsClosing = false;
        CloseOrPutOff(table);
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
        table->NextClosing = state.FirstClosingTable;
        state.FirstClosingTable = table;
    }

    private void Free(DescriptorTable* table)
    {
        for (int i = 0; i < DescriptorTable.MaxChunks; i++)
            if (table->ChunkAt(i) != null)
                FreeChunk(table, table->ChunkAt(i));
        state.TrackerOf(&table->Header).Remove(&table->Header);
        state.Tables.Free(table);
    }
}
