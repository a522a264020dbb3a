# A tag rather than a digest: each build takes the base image's latest security fixes along.
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build
RUN npm prune --omit=dev

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
# For what is kept outside production, such as a generated JWT secret.
RUN mkdir -m 1777 .data
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["node", "-e", "\
  const { PORT = 3000, TLS_CERT_FILE } = process.env; \
  require(TLS_CERT_FILE ? 'https' : 'http') \
    .get({ host: '127.0.0.1', port: PORT, path: '/livez', rejectUnauthorized: false }, \
      (answer) => process.exit(answer.statusCode === 200 ? 0 : 1)) \
    .on('error', () => process.exit(1))"]
# Without a shell or npm in between, so that node itself gets SIGTERM and can stop gracefully.
# As `npm start` does it, without npm: less room for young garbage keeps the process below 150 MiB.
CMD ["node", "--max-semi-space-size=8", "dist/main.js"]
