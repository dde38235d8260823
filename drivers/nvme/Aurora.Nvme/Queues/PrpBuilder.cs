// Physical Region Pages (NVM Express 1.4 §4.3): how a command says where its data is, page by page.
//   one page     PRP1 = page 0
//   two pages    PRP1 = page 0, PRP2 = page 1
//   more         PRP1 = page 0, PRP2 = the PRP list: the addresses of pages 1, 2, …
// A list page holds 512 addresses. When more entries are needed than fit, the last entry of a list page is not a data page but the
// address of the next list page. Our data pages are whole and aligned, so every offset is zero.
using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>Describes a request's pages to the controller.</summary>
internal static unsafe class PrpBuilder
{
    private const int EntriesPerPage = PageSize.Bytes / sizeof(ulong);

    /// <summary>The list pages a transfer of this many data pages can need.</summary>
    public static int ListPagesFor(int dataPages)
    {
        int entries = dataPages - 1;
        if (entries <= EntriesPerPage)
            return 1;

        // All list pages but the last give one entry to the chain.
        return (entries - 2) / (EntriesPerPage - 1) + 1;
    }

    /// <summary>Fills in the data pointers of a command. The list memory is physically contiguous and belongs to the command's slot.</summary>
    public static void Describe(NvmeHost host, void** pages, int count, ulong* list, ref SubmissionEntry entry)
    {
        entry.Prp1 = host.PhysicalOf(pages[0]);
        if (count == 1)
            return;
        if (count == 2)
        {
            entry.Prp2 = host.PhysicalOf(pages[1]);
            return;
        }
        entry.Prp2 = host.PhysicalOf(list);
        int at = 0;
        for (int page = 1; page < count; page++)
        {
            bool lastOfListPage = at % EntriesPerPage == EntriesPerPage - 1;
            if (lastOfListPage && page != count - 1)
            {
                list[at] = host.PhysicalOf(list + at + 1);
                at++;
            }
            list[at++] = host.PhysicalOf(pages[page]);
        }
    }
}
