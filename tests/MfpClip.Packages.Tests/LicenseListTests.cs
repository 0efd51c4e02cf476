using System.Text.Json;
using System.Xml.Linq;

namespace MfpClip.Packages.Tests;

/// <summary>Every package that libraries and samples are restored with stands in eng/licenses.csv, under a licence that allows what this one allows.</summary>
public class LicenseListTests
{
    private static readonly string[] Allowed = ["MIT", "Apache-2.0", "BSD-3-Clause"];

    [Fact]
    public void Every_dependency_is_listed_with_the_licence_that_it_states()
    {
        string root = FindRoot();
        var listed = File.ReadLines(Path.Combine(root, "eng", "licenses.csv")).Where(l => l.Length > 0 && l[0] != '#').Select(l => l.Split(',', 2))
            .ToDictionary(f => f[0], f => f[1], StringComparer.OrdinalIgnoreCase);
        var stated = Projects(root).SelectMany(Packages).Distinct().ToList();

        Assert.True(stated.Count > 30, $"{stated.Count} packages were found: build the solution first.");
        Assert.All(stated, p => Assert.True(
            listed.TryGetValue(p.Name, out string? licence) && (licence == p.Licence || licence.StartsWith(p.Licence + " (", StringComparison.Ordinal)),
            $"{p.Name} states '{p.Licence}'; eng/licenses.csv says '{listed.GetValueOrDefault(p.Name, "nothing")}'."));
        Assert.All(listed, l => Assert.True(Allowed.Contains(Of(l.Value)), $"{l.Key}: {l.Value}"));

        // An address states nothing by itself: what it was read to be stands behind it.
        static string Of(string licence) => licence.Contains("://", StringComparison.Ordinal) ? licence.Split(" (")[^1].TrimEnd(')') : licence;
    }

    private static IEnumerable<string> Projects(string root) => new[] { "src", "samples" }
        .SelectMany(f => Directory.GetFiles(Path.Combine(root, f), "*.csproj", SearchOption.AllDirectories))
        .Select(p => Path.Combine(root, "artifacts", "obj", Path.GetFileNameWithoutExtension(p), "project.assets.json")).Where(File.Exists);

    private static IEnumerable<(string Name, string Licence)> Packages(string assets)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(assets));
        string[] folders = [.. json.RootElement.GetProperty("packageFolders").EnumerateObject().Select(f => f.Name)];
        foreach (var library in json.RootElement.GetProperty("libraries").EnumerateObject().Where(l => l.Value.GetProperty("type").GetString() == "package"))
        {
            string path = library.Value.GetProperty("path").GetString()!;
            if (folders.Select(f => Path.Combine(f, path)).FirstOrDefault(Directory.Exists) is { } folder)
            {
                var metadata = XDocument.Load(Directory.GetFiles(folder, "*.nuspec").Single()).Descendants().ToList();
                yield return (library.Name.Split('/')[0], metadata.Find(e => e.Name.LocalName == "license")?.Value
                    ?? metadata.Find(e => e.Name.LocalName == "licenseUrl")?.Value ?? "none");
            }
        }
    }

    internal static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "MfpClip.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests run outside the repository.");
        }

        return folder.FullName;
    }
}
