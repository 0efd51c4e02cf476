using System.Globalization;
using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.References;

namespace MfpClip.Methods.WinClip;

/// <summary>
/// The references of WinCLIP+ (section 4.3): patches and windows of normal images, which the method joins with its zero-shot map in its own way.
/// </summary>
internal sealed class WinClipReferences(WinClipPass pass) : IReferenceScheme
{
    private const string Windows = ReferenceEntry.TokensOf + "windows";

    public bool NeedsReferences => false;

    public string Id => "winclip";

    public string Name(string method) => "WinCLIP+ (arXiv 2303.14814)";

    public ReferenceOptions Resolve(ReferenceOptions? given)
    {
        var options = given ?? new();
        var free = new ReferenceOptions
        {
            MaximumTokens = options.MaximumTokens, ClassName = options.ClassName, Seed = options.Seed, CoresetRatio = options.CoresetRatio,
            Join = options.Join,
        };
        if (ReferenceFileFormat.Text(options) != ReferenceFileFormat.Text(free))
        {
            throw new DetectorConfigurationException(
                ["WinCLIP+ compares patches and windows with the references and joins them in its own way: of the reference options it reads MaximumTokens, "
                    + "CoresetRatio and Seed. Leave weight, features, stages, neighbourhood and top cells out."]);
        }

        // The paper keeps every patch; a ratio that was asked for stays.
        options = options with { Neighbourhood = 1, Join = ReferenceJoin.Fixed };
        return given is null || given.CoresetRatio == new ReferenceOptions().CoresetRatio ? options with { CoresetRatio = 1 } : options;
    }

    public INormalModel Learn(IReadOnlyList<ReferenceEntry> entries, ReferenceOptions options, Device device) => new WindowModel(entries, options, device);

    public ReferenceScale Measure(
        IReadOnlyList<ReferenceEntry> entries, IReadOnlyList<float[]> distances, ReferenceOptions options, INormalModel model) =>
        StoredReferences.Scheme.Measure(entries, distances, options, model);

    public ReferenceEntry Read(string id, string name, RgbImage image, InputSettings input, ReferenceOptions options, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        using var images = ImageBatch.FromImages([input.Preprocessor.Prepare(image).Pixels]);
        var (e, rows, columns) = pass.Encode(images, context);
        var (patches, order) = Ordered(e.Patches, options);
        var windows = e.Sets.Zip(e.Windows).ToDictionary(
            s => Windows + s.First.Scale.ToString(CultureInfo.InvariantCulture), s => Ordered(s.Second, options).Tokens.DetachFromDisposeScope(),
            StringComparer.Ordinal);
        return new(
            id, name, image.Width, image.Height, (int)rows, (int)columns, patches.DetachFromDisposeScope(), order, new float[rows * columns], 0)
        {
            Others = windows,
        };
    }

    public (Tensor Map, Tensor Score) Run(
        MemoryBank bank, ImageBatch images, string className, Tensor? region, ForwardContext context, IReadOnlyList<ReferenceEntry?>? leftOut)
    {
        var memory = ((WindowModel)bank.Model).Memory;
        if (leftOut is null)
        {
            return pass.Run(images, className, region, context, memory);
        }

        using var scope = torch.NewDisposeScope();
        var results = leftOut.Select((entry, i) =>
        {
            using var image = images.Take([i]);
            using var others = entry is null ? null : WindowModel.MemoryOf(
                bank.Entries.Count == 1 ? throw new ReferenceException(entry.Name, "it is the only reference, so nothing is left to compare it with.")
                    : [.. bank.Entries.Where(e => e.Id != entry.Id)], bank.Options, pass.Device);
            return pass.Run(image, className, region?.narrow(0, i, 1), context with { Trace = null }, others ?? memory);
        }).ToList();
        return (torch.cat([.. results.Select(r => r.Map)], 0).MoveToOuterDisposeScope(), torch.cat([.. results.Select(r => r.Score)], 0)
            .MoveToOuterDisposeScope());
    }

    // Unit vectors in the order of a coreset, so that a bound cuts what says least.
    private static (Tensor Tokens, int[] Order) Ordered(Tensor tokens, ReferenceOptions options)
    {
        var unit = Tensors.UnitVectors.Normalize(tokens[0]).cpu(); // [N, D]
        int[] order = GreedyCoreset.Order(unit, (int)unit.shape[0], options.Seed);
        return (unit.index_select(0, torch.tensor(order.Select(o => (long)o).ToArray())), order);
    }

    /// <summary>Patches and windows of all references. Distances are those of patches.</summary>
    private sealed class WindowModel(IReadOnlyList<ReferenceEntry> entries, ReferenceOptions options, Device device) : INormalModel
    {
        private readonly NeighbourModel _patches = new(entries, options, device);

        public WindowMemoryBank Memory { get; } = MemoryOf(entries, options, device);

        public long Tokens => _patches.Tokens;

        public int Width => _patches.Width;

        public double Noise => _patches.Noise;

        public double? AnyTwo => _patches.AnyTwo;

        public bool LeavesOut => _patches.LeavesOut;

        public static WindowMemoryBank MemoryOf(IReadOnlyList<ReferenceEntry> entries, ReferenceOptions options, Device device)
        {
            using var scope = torch.NewDisposeScope();
            Tensor Kept(ReferenceEntry e, Tensor all) => all.narrow(0, 0, Math.Max((long)Math.Ceiling(options.CoresetRatio * all.shape[0]), 1));
            string[] scales = [.. entries[0].Others.Keys.Where(k => k.StartsWith(Windows, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
            if (entries.FirstOrDefault(e => !scales.All(s => e.Others.TryGetValue(s, out var w) && w.dim() == 2 && w.shape[0] > 0
                && w.shape[1] == entries[0].Others[s].shape[1])) is { } odd)
            {
                throw new ReferenceException(odd.Name, "its windows do not fit those of the other references. The file is damaged; take the references again.");
            }

            var windows = entries[0].Others.Keys.Where(k => k.StartsWith(Windows, StringComparison.Ordinal)).ToDictionary(
                k => int.Parse(k[Windows.Length..], NumberStyles.None, CultureInfo.InvariantCulture),
                k => torch.cat([.. entries.Select(e => Kept(e, e.Others[k]))], 0).to(device));
            return new(torch.cat([.. entries.Select(e => e.Tokens.narrow(0, 0, NeighbourModel.Kept(e, options)))], 0).to(device), windows, entries.Count);
        }

        public Tensor Distances(Tensor vectors, IReadOnlyList<ReferenceEntry?>? leftOut, ForwardContext context) =>
            _patches.Distances(vectors, leftOut, context);

        public IReadOnlyList<float[]> LeftOut(CancellationToken cancellationToken) => _patches.LeftOut(cancellationToken);

        public void Dispose()
        {
            _patches.Dispose();
            Memory.Dispose();
        }
    }
}
