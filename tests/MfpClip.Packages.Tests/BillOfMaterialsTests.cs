using System.Text.Json;

namespace MfpClip.Packages.Tests;

/// <summary>Each package holds a bill of materials of what it is locked to.</summary>
public class BillOfMaterialsTests
{
    private static readonly string[] BuildOnly = ["Microsoft.CodeAnalysis.PublicApiAnalyzers", "Microsoft.CodeAnalysis.BannedApiAnalyzers"];

    [Fact]
    public void Each_bill_lists_the_locked_packages_with_version_and_licence()
    {
        string[] projects = Directory.GetFiles(Path.Combine(LicenseListTests.FindRoot(), "src"), "*.csproj", SearchOption.AllDirectories);
        Assert.True(projects.Length >= 9);
        Assert.All(projects, project =>
        {
            string folder = Path.GetDirectoryName(project)!;
            using var bill = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "bom.json")));
            Assert.Equal("CycloneDX", bill.RootElement.GetProperty("bomFormat").GetString());
            var itself = bill.RootElement.GetProperty("metadata").GetProperty("component");
            Assert.Equal(Path.GetFileNameWithoutExtension(project), itself.GetProperty("name").GetString());
            var components = bill.RootElement.TryGetProperty("components", out var listed) ? listed.EnumerateArray().ToList() : [];
            Assert.All(components, c => Assert.True(c.TryGetProperty("hashes", out _) && c.TryGetProperty("licenses", out _), c.ToString()));
            Assert.Equal(Locked(folder), components.Select(c => $"{c.GetProperty("name").GetString()} {c.GetProperty("version").GetString()}").Order());
        });
    }

    // The one package that depends on nothing is not locked.
    private static IEnumerable<string> Locked(string folder)
    {
        if (Path.GetFileName(folder) == "MfpClip.Abstractions")
        {
            return [];
        }

        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "packages.lock.json")));
        return [.. json.RootElement.GetProperty("dependencies").EnumerateObject().Single().Value.EnumerateObject()
            .Where(p => p.Value.GetProperty("type").GetString() != "Project" && !BuildOnly.Contains(p.Name))
            .Select(p => $"{p.Name} {p.Value.GetProperty("resolved").GetString()}").Order()];
    }
}
