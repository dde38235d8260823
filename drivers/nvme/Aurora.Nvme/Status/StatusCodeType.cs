namespace Aurora.Nvme;

/// <summary>SCT: the table a status code belongs to (NVM Express 1.4 §4.6.1.1, figure 126).</summary>
public enum StatusCodeType : byte
{
    Generic = 0,
    CommandSpecific = 1,
    MediaAndDataIntegrity = 2,
    PathRelated = 3,
    VendorSpecific = 7,
}
