// The build's own tool, run by Aurora.Build.targets between the kernel's two links:
//   symbols IMAGE OUTPUT ASSEMBLY...   makes the symbol table that panics read from the linked image
//   check OBJECT BOOT-ONLY             fails when kernel code that runs after boot calls what it must not
using System;
using System.IO;
using Aurora.Build;

if (args is ["symbols", var image, var output, .. var assemblies])
{
    var elf = new ElfFile(File.ReadAllBytes(image));
    byte[] table = SymbolTableBuilder.Build(elf, new MethodNames(assemblies));
    File.WriteAllBytes(output, table);
    return 0;
}
if (args is ["check", var objectFile, var bootOnly])
    return BannedCalls.Check(new ElfFile(File.ReadAllBytes(objectFile)), BootOnlyList.Read(bootOnly), Console.Error);
Console.Error.WriteLine("usage: symbols IMAGE OUTPUT ASSEMBLY... | check OBJECT BOOT-ONLY");
return 2;
