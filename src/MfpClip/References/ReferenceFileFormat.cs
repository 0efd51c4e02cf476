using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using MfpClip.Diagnostics;
using MfpClip.Weights;

namespace MfpClip.References;

/// <summary>References as one safetensors file: the tokens of each image under its id, everything else in the metadata.</summary>
internal static partial class ReferenceFileFormat
{
    private const string Format = "mfpclip-references-1";

    /// <summary>Options as text. What version 0.1 did not know is left out where it is as it was, so that its calibrations still hold.</summary>
    public static string Text(ReferenceOptions options) => JsonSerializer.Serialize(options, ReferenceJson.Default.ReferenceOptions)
        .Replace(",\"join\":\"Fixed\"", string.Empty, StringComparison.Ordinal);

    /// <summary>Writes it, atomically.</summary>
    /// <exception cref="OutputException">It cannot be written; what was there before stays.</exception>
    public static void Save(string path, IReadOnlyList<ReferenceEntry> entries, ReferenceOptions options, ReferenceOrigin origin)
    {
        using var scope = torch.NewDisposeScope();
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            tensors[$"{entry.Id}.tokens"] = entry.Tokens;
            tensors[$"{entry.Id}.cells"] = torch.tensor(entry.Cells);
            tensors[$"{entry.Id}.map"] = torch.tensor(entry.Map, [entry.Rows, entry.Columns]);
            tensors[$"{entry.Id}.score"] = torch.tensor(entry.Score);
            foreach (var (part, tensor) in entry.Others)
            {
                tensors[$"{entry.Id}.{part}"] = tensor;
            }
        }

        var metadata = new Dictionary<string, string>
        {
            ["format"] = Format,
            ["images"] = JsonSerializer.Serialize([.. entries.Select(e => new Image(e.Id, e.Name, e.Width, e.Height))], ReferenceJson.Default.ImageArray),
            ["options"] = Text(options),
            ["method"] = origin.Method,
            ["weights_sha256"] = origin.WeightsHash,
            ["image_size"] = origin.ImageSize.ToString(CultureInfo.InvariantCulture),
            ["library_version"] = origin.LibraryVersion,
            ["scheme"] = origin.Scheme,
        };
        if (origin.Tiling.Length > 0)
        {
            metadata["tiling"] = origin.Tiling;
        }

        SafetensorsWriter.Write(path, tensors, metadata);
    }

    /// <summary>Reads it; strict: another backbone, other modules or another image size are refused.</summary>
    /// <returns>Entries, the caller's own, and the options.</returns>
    /// <exception cref="WeightsException">It is damaged, no reference file, or of another detector.</exception>
    public static (List<ReferenceEntry> Entries, ReferenceOptions Options) Load(string path, DetectorDescription without, IReferenceScheme scheme)
    {
        var (origin, entries, options) = Read(path);
        string? fault = origin.Scheme != scheme.Id
            ? $"the references were stored for {origin.Method} ('{origin.Scheme}'), this detector is {without.Method} and reads '{scheme.Id}'. Take them again "
                + "from the images."
            : !without.HasWeights(origin.WeightsHash)
            ? $"the references were taken with other weights ({origin.WeightsHash[..Math.Min(12, origin.WeightsHash.Length)]}..., this detector has "
                + $"{without.WeightsHash[..12]}...). Take them again from the images."
            : origin.ImageSize != without.ImageSize
                ? $"the references were taken at {origin.ImageSize} pixels, this detector reads at {without.ImageSize}. Take them again from the images."
            : origin.Tiling != ReferenceOrigin.TilingOf(without)
                ? $"the references were taken {Tiles(origin.Tiling)}, this detector reads images {Tiles(ReferenceOrigin.TilingOf(without))}. Take them "
                    + "again from the images, or tile in the same way."
                : null;
        if (fault is null)
        {
            return (entries, options);
        }

        entries.ForEach(e => e.Dispose());
        throw new WeightsException(path, fault);
    }

    /// <summary>Reads it, whatever detector it was taken with.</summary>
    /// <returns>Where it comes from, entries, the caller's own, and the options.</returns>
    /// <exception cref="WeightsException">It is damaged or no reference file.</exception>
    public static (ReferenceOrigin Origin, List<ReferenceEntry> Entries, ReferenceOptions Options) Read(string path)
    {
        using var file = WeightFile.Open(path);
        string Value(string name) => file.Metadata.TryGetValue(name, out var v) ? v : throw new WeightsException(
            path, $"its metadata lack '{name}', so it is no file of references.");
        if (Value("format") is var format && format != Format)
        {
            throw new WeightsException(path, $"it says it is '{format}'; this version reads '{Format}'.");
        }

        var origin = new ReferenceOrigin(
            file.Metadata.GetValueOrDefault("method", string.Empty), Value("weights_sha256"),
            int.TryParse(Value("image_size"), NumberStyles.None, CultureInfo.InvariantCulture, out int size) ? size : 0,
            file.Metadata.GetValueOrDefault("library_version", string.Empty))
        {
            Scheme = file.Metadata.GetValueOrDefault("scheme", JoinedScheme.MemoryBank),
            Tiling = file.Metadata.GetValueOrDefault("tiling", string.Empty),
        };
        var entries = new List<ReferenceEntry>();
        try
        {
            var options = Parse(Value("options"));
            var images = JsonSerializer.Deserialize(Value("images"), ReferenceJson.Default.ImageArray) ?? [];
            if (images.Length == 0 || options.Faults().Any())
            {
                throw new JsonException(images.Length == 0 ? "it names no image" : string.Join(" ", options.Faults()));
            }

            foreach (var image in images)
            {
                entries.Add(Read(file, image));
            }

            // In tiles, the grid is as large as the image.
            bool oneGrid = origin.Scheme == JoinedScheme.MemoryBank && origin.Tiling.Length == 0;
            if (entries.Select(e => oneGrid ? (e.Tokens.shape[1], e.Rows, e.Columns) : (e.Tokens.shape[1], 0, 0))
                .Distinct().Count() > 1)
            {
                throw new JsonException("its images have different grids");
            }

            if (oneGrid && entries.Find(e => e.Cells.Any(c => c >= e.Rows * e.Columns)) is { } outside)
            {
                throw new JsonException($"a cell of '{outside.Name}' lies outside its grid of {outside.Rows} x {outside.Columns}");
            }

            return (origin, ReferenceNames.Unique(entries), options);
        }
        catch (Exception e)
        {
            entries.ForEach(entry => entry.Dispose());
            if (e is not OperationCanceledException && DamagedContent.Is(e))
            {
                throw new WeightsException(path, $"its references cannot be read ({e.Message}). The file is damaged.", e);
            }

            throw;
        }
    }

    private static string Tiles(string tiling) => tiling.Length == 0 ? "as a whole" : $"in tiles ({tiling})";

    // Version 0.1 wrote nothing of it.
    private static ReferenceOptions Parse(string text)
    {
        using var document = JsonDocument.Parse(text);
        var options = document.Deserialize(ReferenceJson.Default.ReferenceOptions) ?? throw new JsonException("the options are empty");
        return document.RootElement.EnumerateObject().Any(p => p.NameEquals("join")) ? options : options with { Join = ReferenceJoin.Fixed };
    }

    private static ReferenceEntry Read(IWeightFile file, Image image)
    {
        using var scope = torch.NewDisposeScope();
        Tensor Get(string part, ScalarType type, int dimensions) =>
            file.Tensors.TryGetValue($"{image.Id}.{part}", out var info) && info.Type == type && info.Shape.Count == dimensions
            ? file.Read($"{image.Id}.{part}") : throw new FormatException($"'{image.Id}.{part}' is missing or of the wrong kind");
        var tokens = Get("tokens", ScalarType.Float32, 2);
        var map = Get("map", ScalarType.Float32, 2);
        var cells = Get("cells", ScalarType.Int32, 1).data<int>().ToArray();
        float score = Get("score", ScalarType.Float32, 0).item<float>();
        var (rows, columns) = ((int)map.shape[0], (int)map.shape[1]);
        if (cells.Length == 0 || cells.Length != tokens.shape[0] || cells.Any(c => c < 0) || !tokens.isfinite().all()
            .item<bool>() || !map.isfinite().all().item<bool>() || !float.IsFinite(score))
        {
            throw new FormatException($"the tensors of '{image.Id}' do not fit each other");
        }

        var others = Others(file, image.Id);
        return new(image.Id, image.Name, image.Width, image.Height, rows, columns, tokens.DetachFromDisposeScope(), cells, map.data<float>().ToArray(), score)
        {
            Others = others,
            // Tokens in the order of the grid were never brought into that of a coreset.
            IsOrdered = cells.Length < 2 || !cells.Zip(cells.Skip(1)).All(p => p.First < p.Second),
        };
    }

    private static Dictionary<string, Tensor> Others(IWeightFile file, string id)
    {
        var others = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        try
        {
            foreach (var (name, info) in file.Tensors.Where(t => t.Key.StartsWith($"{id}.", StringComparison.Ordinal)))
            {
                string part = name[(id.Length + 1)..];
                if (part is "tokens" or "map" or "cells" or "score")
                {
                    continue;
                }

                var tensor = others[part] = file.Read(name).DetachFromDisposeScope();
                if (info.Shape.Count is < 1 or > 3 || !tensor.isfinite().all().item<bool>())
                {
                    throw new FormatException($"'{name}' has {info.Shape.Count} dimensions, or values that are no numbers");
                }
            }

            return others;
        }
        catch
        {
            foreach (var other in others.Values)
            {
                other.Dispose();
            }

            throw;
        }
    }

    internal sealed record Image(string Id, string Name, int Width, int Height);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
    [JsonSerializable(typeof(ReferenceOptions))]
    [JsonSerializable(typeof(Image[]))]
    private sealed partial class ReferenceJson : JsonSerializerContext;
}
